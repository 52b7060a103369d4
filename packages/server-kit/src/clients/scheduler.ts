import { isAoError } from '@ao-ts/core';
import {
  Scheduled,
  ScheduledProcess,
  ScheduleNode,
  SchedulePage,
  SchedulerInfo,
  SchedulerTime,
} from '@ao-ts/core/schemas';
import type { HttpClient } from '../http-client.ts';
import { query, type Remote, requestJson } from './json.ts';

export interface AssignRequest {
  processId: string;
  /** Id of the message or transaction. */
  messageId: string;
  baseLayer?: boolean;
  exclude?: readonly string[];
}

/** The Scheduler Unit as the other units see it. All methods throw the AoErrors of {@link requestJson}. */
export class SchedulerClient {
  readonly #remote: Remote;

  constructor(http: HttpClient, url: string) {
    this.#remote = { http, url, name: 'scheduler unit' };
  }

  /** Schedules a signed item (raw ANS-104 bytes). */
  schedule(item: Uint8Array): Promise<Scheduled> {
    return requestJson(this.#remote, '/', Scheduled, {
      method: 'POST',
      operation: 'writeDataItem',
      headers: { 'content-type': 'application/octet-stream' },
      body: item,
    });
  }

  /** Assigns something that is already on Arweave; gives the assignment's id. */
  assign(request: AssignRequest): Promise<Scheduled> {
    const search = new URLSearchParams({ 'process-id': request.processId, assign: request.messageId });
    if (request.baseLayer) search.set('base-layer', '');
    if (request.exclude?.length) search.set('exclude', request.exclude.join(','));
    return requestJson(this.#remote, `/?${search}`, Scheduled, {
      method: 'POST',
      operation: 'writeAssignment',
    });
  }

  /** Address of the key it signs assignments with. A router has none of its own, and answers with a failure. */
  async address(): Promise<string> {
    return (await requestJson(this.#remote, '/', SchedulerInfo)).address;
  }

  process(processId: string): Promise<ScheduledProcess> {
    return requestJson(this.#remote, `/processes/${encodeURIComponent(processId)}`, ScheduledProcess, {
      operation: 'process',
    });
  }

  /** The slot of a message or assignment id in the history of a process. */
  slot(processId: string, id: string): Promise<ScheduleNode> {
    return requestJson(
      this.#remote,
      `/${encodeURIComponent(id)}${query({ 'process-id': processId })}`,
      ScheduleNode,
      { operation: 'slot' },
    );
  }

  latest(processId: string): Promise<ScheduleNode> {
    const path = `/${encodeURIComponent(processId)}/latest${query({ 'process-id': processId })}`;
    return requestJson(this.#remote, path, ScheduleNode, { operation: 'latest' });
  }

  /** Slots with `from < nonce <= to`, in order. `from` of -1 starts with the process itself. */
  page(processId: string, range: { from: number; to?: number; limit: number }): Promise<SchedulePage> {
    const search = query({
      'process-id': processId,
      'from-nonce': range.from,
      'to-nonce': range.to,
      limit: range.limit,
    });
    return requestJson(this.#remote, `/${encodeURIComponent(processId)}${search}`, SchedulePage, {
      operation: 'page',
    });
  }

  async time(processId: string): Promise<{ blockHeight: number; timestamp: number }> {
    const time = await requestJson(
      this.#remote,
      `/timestamp${query({ 'process-id': processId })}`,
      SchedulerTime,
      { operation: 'time' },
    );
    return { blockHeight: Number(time.block_height), timestamp: Number(time.timestamp) };
  }
}

/** True if a unit answered that it does not know what was asked for (Scheduler Units say 400, others 404). */
export function saidNotFound(error: unknown): boolean {
  if (!isAoError(error, 'HTTP.STATUS')) return false;
  const { status, said } = error.facts as { status: number; said: string };
  return status === 404 || (status === 400 && /not found|not available/i.test(said));
}
