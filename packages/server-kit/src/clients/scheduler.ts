import { AoError, isAoError } from '@ao-ts/core';
import {
  Id,
  Scheduled,
  ScheduledProcess,
  ScheduleNode,
  SchedulePage,
  SchedulerInfo,
  SchedulerTime,
} from '@ao-ts/core/schemas';
import type { z } from 'zod';
import type { HttpClient, HttpRequest } from '../http-client.ts';
import { MAX_RECEIPT_BYTES, query, type Remote, requestJson, requestLocatedJson } from './json.ts';

export interface AssignRequest {
  processId: string;
  /** Id of the message or transaction. */
  messageId: string;
  baseLayer?: boolean;
  exclude?: readonly string[];
}

/** The id of an item is known without being told; that of an assignment is not, and by it the result is asked for. */
const Assigned = Scheduled.extend({ id: Id });

/** How long a process is asked for where a router sent us for it. */
const REDIRECT_MS = 5 * 60_000;
const MAX_REDIRECTS = 10_000;

/**
 * The Scheduler Unit as the other units see it, or a router before several. All methods throw the AoErrors of
 * {@link requestJson}.
 */
export class SchedulerClient {
  readonly #remote: Remote;
  /** Base URLs, by process. */
  readonly #redirects = new Map<string, { url: string; until: number }>();

  constructor(http: HttpClient, url: string) {
    this.#remote = { http, url, name: 'scheduler unit' };
  }

  /** Schedules a signed item (raw ANS-104 bytes). `processId`, of the process it belongs to, spares redirects. */
  schedule(item: Uint8Array, processId?: string): Promise<Scheduled> {
    return this.#ask(processId, '/', Scheduled, {
      method: 'POST',
      operation: 'writeDataItem',
      headers: { 'content-type': 'application/octet-stream' },
      body: item,
      maxBytes: MAX_RECEIPT_BYTES,
    });
  }

  /** Assigns something that is already on Arweave; gives the assignment's id. */
  assign(request: AssignRequest): Promise<Scheduled> {
    const search = new URLSearchParams({ 'process-id': request.processId, assign: request.messageId });
    if (request.baseLayer) search.set('base-layer', '');
    if (request.exclude?.length) search.set('exclude', request.exclude.join(','));
    return this.#ask(request.processId, `/?${search}`, Assigned, {
      method: 'POST',
      operation: 'writeAssignment',
      maxBytes: MAX_RECEIPT_BYTES,
    });
  }

  /** Address of the key it signs assignments with. A router has none of its own, and answers with a failure. */
  async address(): Promise<string> {
    return (await requestJson(this.#remote, '/', SchedulerInfo)).address;
  }

  process(processId: string): Promise<ScheduledProcess> {
    return this.#ask(processId, `/processes/${encodeURIComponent(processId)}`, ScheduledProcess, {
      operation: 'process',
    });
  }

  /** The slot of a message or assignment id, or the first one by its own id, in the history of a process. */
  async slot(processId: string, id: string): Promise<ScheduleNode> {
    if (id === processId) return this.#firstSlot(processId);
    return this.#ask(
      processId,
      `/${encodeURIComponent(id)}${query({ 'process-id': processId })}`,
      ScheduleNode,
      { operation: 'slot' },
    );
  }

  latest(processId: string): Promise<ScheduleNode> {
    const path = `/${encodeURIComponent(processId)}/latest${query({ 'process-id': processId })}`;
    return this.#ask(processId, path, ScheduleNode, { operation: 'latest' });
  }

  /** Slots with `from < nonce <= to`, in order. `from` of -1 starts with the process itself. */
  page(processId: string, range: { from: number; to?: number; limit: number }): Promise<SchedulePage> {
    const search = query({
      'process-id': processId,
      'from-nonce': range.from,
      'to-nonce': range.to,
      limit: range.limit,
    });
    return this.#ask(processId, `/${encodeURIComponent(processId)}${search}`, SchedulePage, {
      operation: 'page',
    });
  }

  async time(processId: string): Promise<{ blockHeight: number; timestamp: number }> {
    const time = await this.#ask(
      processId,
      `/timestamp${query({ 'process-id': processId })}`,
      SchedulerTime,
      { operation: 'time' },
    );
    return { blockHeight: Number(time.block_height), timestamp: Number(time.timestamp) };
  }

  // By its own id a scheduler gives a page of a process.
  async #firstSlot(processId: string): Promise<ScheduleNode> {
    const { edges } = await this.page(processId, { from: -1, to: 0, limit: 1 });
    const [first] = edges;
    if (first) return first.node;
    const said = 'Process not found';
    throw new AoError('HTTP.STATUS', `The ${this.#remote.name} at ${this.#remote.url} has no ${processId}.`, {
      action: 'fix',
      facts: { status: 404, said, url: this.#remote.url },
    });
  }

  async #ask<T>(
    processId: string | undefined,
    path: string,
    schema: z.ZodType<T>,
    request: HttpRequest,
  ): Promise<T> {
    if (processId === undefined) return requestJson(this.#remote, path, schema, request);
    const known = this.#redirects.get(processId);
    if (known && Date.now() < known.until) {
      try {
        return await requestJson({ ...this.#remote, url: known.url }, path, schema, request);
      } catch (error) {
        this.#redirects.delete(processId);
        // What was refused may be welcome elsewhere by now. What may have arrived is not for us to repeat.
        if (!isAoError(error, 'HTTP.STATUS') || error.action === 'retry') throw error;
      }
    }
    const { value, url } = await requestLocatedJson(this.#remote, path, schema, request);
    if (url !== this.#remote.url + path && url.endsWith(path)) {
      this.#redirected(processId, url.slice(0, -path.length));
    }
    return value;
  }

  #redirected(processId: string, url: string): void {
    if (this.#redirects.size >= MAX_REDIRECTS) {
      this.#redirects.delete(this.#redirects.keys().next().value ?? '');
    }
    this.#redirects.set(processId, { url, until: Date.now() + REDIRECT_MS });
  }
}

/** True if a unit answered that it does not know what was asked for (Scheduler Units say 400, others 404). */
export function saidNotFound(error: unknown): boolean {
  if (!isAoError(error, 'HTTP.STATUS')) return false;
  const { status, said } = error.facts as { status: number; said: string };
  return status === 404 || (status === 400 && /not found|not available/i.test(said));
}
