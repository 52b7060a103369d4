import { AoError } from '@ao-ts/core';
import { parseDataItem, tagValue } from '@ao-ts/core/ans104';
import { type HttpClient, type HttpRequest, query, safeJson, statusError } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Scheduler, Slot } from '../domain/scheduler.ts';

const SLOTS_AT_ONCE = 100;
/** How far back is looked for what came nobody knows when. */
const SLOTS_AT_MOST = 1000;
/** Clocks of two machines differ less than this. */
const SKEW_MS = 3_600_000;

const Tags = z.array(z.object({ name: z.string(), value: z.coerce.string() }));
const Schedule = z.object({
  edges: z.array(
    z.object({
      node: z.object({
        message: z.object({ Id: z.string(), Anchor: z.string().optional(), Tags }),
        assignment: z.object({ Id: z.string(), Tags }),
      }),
    }),
  ),
});

/**
 * A HyperBEAM node as a scheduler (of processes with `Variant: ao.N.1`). It takes the same item as often as it is sent, so
 * what may have been sent before is first looked for in its schedule, from the newest slot back. All methods throw the
 * AoErrors of the client of other schedulers.
 */
export class HyperbeamScheduler implements Scheduler {
  readonly #http: HttpClient;
  readonly #url: string;

  constructor(http: HttpClient, url: string) {
    this.#http = http;
    this.#url = url;
  }

  async schedule(item: Uint8Array, processId: string, sentSince?: number) {
    if (sentSince !== undefined) {
      const slot = await this.#find(processId, parseDataItem(item).id, sentSince);
      if (slot) return { nonce: nonceOf(slot) };
    }
    const { headers } = await this.#ask(`/${processId}/~scheduler@1.0/schedule`, {
      method: 'POST',
      operation: 'writeDataItemHyperBeam',
      headers: { 'content-type': 'application/ans104', 'codec-device': 'ans104@1.0' },
      body: item,
    });
    const { process } = headers;
    return {
      nonce: this.#number('slot', headers),
      ...(typeof process === 'string' ? { processId: process } : {}),
    };
  }

  async assign({ processId }: { processId: string }): Promise<never> {
    const message = `${processId} can not be assigned anything: its scheduler is a HyperBEAM node, which takes messages and processes only.`;
    throw new AoError('SCHEDULER.NO_ASSIGNMENTS', message, { action: 'never', facts: { processId } });
  }

  process(processId: string): Promise<Slot> {
    return this.slot(processId, processId);
  }

  async slot(processId: string, id: string, since?: number): Promise<Slot> {
    const first = id === processId ? await this.#range(processId, 0, 0) : [];
    const slot = first[0] ?? (await this.#find(processId, id, since));
    if (slot) return slot;
    throw new AoError('HTTP.STATUS', `The scheduler at ${this.#url} has no ${id}.`, {
      action: 'fix',
      facts: { status: 404, said: 'Message not found', url: this.#url },
    });
  }

  async page(processId: string, { from, limit }: { from: number; limit: number }) {
    const slots = await this.#range(processId, from + 1, from + limit);
    return { page_info: { has_next_page: slots.length === limit }, edges: slots.map((node) => ({ node })) };
  }

  async #find(processId: string, id: string, since?: number): Promise<Slot | undefined> {
    const newest = await this.#newest(processId);
    const last = since === undefined ? newest - SLOTS_AT_MOST : -1;
    for (let to = newest; to >= 0 && to > last; to -= SLOTS_AT_ONCE) {
      const slots = await this.#range(processId, Math.max(0, to - SLOTS_AT_ONCE + 1), to);
      const found = slots.find(({ message }) => message?.id === id);
      const oldest = Number(tagValue(slots[0]?.assignment.tags ?? [], 'Timestamp'));
      if (found || oldest < (since ?? 0) - SKEW_MS) return found;
    }
    return undefined;
  }

  async #newest(processId: string): Promise<number> {
    const search = query({ target: processId });
    const { headers } = await this.#ask(`/~scheduler@1.0/slot${search}`, { operation: 'latest' });
    return this.#number('current', headers);
  }

  /** Both ends included. */
  async #range(processId: string, from: number, to: number): Promise<Slot[]> {
    const search = query({ target: processId, from, to, accept: 'application/aos-2' });
    const { body } = await this.#ask(`/~scheduler@1.0/schedule${search}`, { operation: 'page' });
    const schedule = safeJson(Schedule, body.toString());
    if (!schedule) throw this.#malformed('is no schedule');
    return schedule.edges.map(({ node: { message, assignment } }) => ({
      message: { id: message.Id, anchor: message.Anchor ?? null, tags: message.Tags },
      assignment: {
        id: assignment.Id,
        // What is a slot there is a nonce elsewhere.
        tags: [...assignment.Tags, { name: 'Nonce', value: tagValue(assignment.Tags, 'Slot') ?? '' }],
      },
    }));
  }

  async #ask(path: string, request: HttpRequest) {
    const response = await this.#http.send(this.#url + path, request);
    if (response.status === 200) return response;
    if (response.status < 300) throw this.#malformed(`has the status ${response.status}`);
    throw statusError({ name: 'scheduler (HyperBEAM)', url: this.#url }, response);
  }

  #number(name: string, headers: Record<string, unknown>): number {
    const value = headers[name];
    if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
    throw this.#malformed(`has no ${name}`);
  }

  #malformed(what: string): AoError {
    const message = `The scheduler at ${this.#url} (HyperBEAM) answered something that ${what}.`;
    return new AoError('HTTP.MALFORMED', message, { action: 'retry', facts: { url: this.#url } });
  }
}

function nonceOf({ assignment }: Slot): number {
  return Number(tagValue(assignment.tags, 'Nonce'));
}
