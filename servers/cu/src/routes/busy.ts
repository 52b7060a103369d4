import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ProcessQuery } from './parameters.ts';

/** The query of routes that may answer before they are done. */
export const BusyQuery = z.object({ 'no-busy': z.string().optional() });
export const ProcessBusyQuery = ProcessQuery.extend(BusyQuery.shape);

/** Answered with 202: the work goes on. */
export const InProgress = z.object({ message: z.string() });

interface Patience {
  /** After so many ms the answer is that the work goes on; 0: wait until it is done. */
  thresholdMs: number;
  processId: string;
  /** What is evaluated: the id of a message, or nothing for the newest one. */
  to: string | undefined;
  /** The client asked to wait in any case. */
  noBusy: boolean;
}

/** Sends the outcome of `work`, or 202 if it takes long. */
export async function answerOrBusy(
  reply: FastifyReply,
  patience: Patience,
  work: Promise<() => unknown>,
): Promise<unknown> {
  const { thresholdMs, processId, to, noBusy } = patience;
  if (thresholdMs === 0 || noBusy) return (await work)();
  const timer = new AbortController();
  const busy = delay(thresholdMs, undefined, { signal: timer.signal }).catch(() => undefined);
  const send = await Promise.race([work, busy]).finally(() => timer.abort());
  if (send) return send();
  // Nobody waits for it any more, but its failure must not go unhandled.
  work.catch(() => {});
  const target = to === undefined ? 'latest' : to;
  return reply
    .status(202)
    .send({ message: `Evaluation of process "${processId}" to "${target}" is in progress.` });
}
