import { AoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { Subject } from '../domain/router.ts';
import type { Forward, Passing } from './forward.ts';

const Query = z.object({
  'process-id': z.string().optional(),
  assign: z.string().optional(),
  process: z.string().optional(),
});
const Params = z.record(z.string(), z.string());

/** What of a request says which process it is about. */
export interface Routed {
  params: z.output<typeof Params>;
  query: z.output<typeof Query>;
  body: unknown;
}

/** Adds a route whose requests go to the units of the process they are about. */
export type Pass = (
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  subject: (request: Routed) => Subject,
  passing: Passing,
) => void;

/** The routes of a kind of unit. */
export type Routes = (pass: Pass, config: Config) => void;

export function passing(app: App, forward: Forward): Pass {
  return (method, url, subject, how) => {
    app.route({
      method,
      url,
      schema: {
        summary: 'Passed on to the unit of the process; its own document says what it answers.',
        querystring: Query,
        params: Params,
        answers: { 200: '*/*' },
      },
      handler: (request, reply) => forward(request, reply, subject(request), how),
    });
  };
}

/** @throws AoError `REQUEST.NOT_FOUND` */
export function processOf(processId: string | undefined): Subject {
  if (processId) return { processId };
  throw new AoError('REQUEST.NOT_FOUND', 'Process id not found on request', { action: 'fix' });
}

/** Requests that are about no process all go to the same host. */
export const noProcess = (): Subject => processOf('process');
export const byQuery = ({ query }: Routed): Subject => processOf(query['process-id']);
export const byPath = ({ params }: Routed): Subject => processOf(params.processId);
export const byRest = ({ params }: Routed): Subject => processOf(params['*']);
