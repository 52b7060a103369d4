import { type EvaluationResult, ReadResult, ResultsPage } from '@ao-ts/core/schemas';
import { z } from 'zod';
import type { HttpClient } from '../http-client.ts';
import { query, type Remote, requestJson } from './json.ts';

/** Evaluating up to a message can take long; the unit answers when it is there. */
const RESULT_TIMEOUT_MS = 300_000;

const PARTS = ['Messages', 'Assignments', 'Spawns', 'Output', 'Error'];

// What has none of the parts of a result is none: it would pass for one that sends nothing.
const Result = z
  .looseObject({})
  .refine((answer) => PARTS.some((part) => part in answer))
  .pipe(ReadResult);

/** The Compute Unit as the Messenger Unit sees it. All methods throw the AoErrors of {@link requestJson}. */
export class ComputeClient {
  readonly #remote: Remote;

  constructor(http: HttpClient, url: string) {
    this.#remote = { http, url, name: 'compute unit' };
  }

  /** The result of a message, assignment, or (by its own id) of the process's spawn. Waits for the evaluation. */
  result(processId: string, id: string): Promise<EvaluationResult> {
    const search = query({ 'process-id': processId, 'no-busy': 1 });
    return requestJson(this.#remote, `/result/${encodeURIComponent(id)}${search}`, Result, {
      timeoutMs: RESULT_TIMEOUT_MS,
      operation: 'result',
    });
  }

  results(
    processId: string,
    range: { from?: string; to?: string; sort?: 'ASC' | 'DESC'; limit?: number },
  ): Promise<ResultsPage> {
    return requestJson(
      this.#remote,
      `/results/${encodeURIComponent(processId)}${query(range)}`,
      ResultsPage,
      {
        operation: 'getCursor',
      },
    );
  }

  cron(processId: string, range: { from?: string; limit?: number }): Promise<ResultsPage> {
    return requestJson(this.#remote, `/cron/${encodeURIComponent(processId)}${query(range)}`, ResultsPage, {
      timeoutMs: RESULT_TIMEOUT_MS,
      operation: 'fetchCron',
    });
  }
}
