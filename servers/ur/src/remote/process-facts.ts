import { isAoError } from '@ao-ts/core';
import { tagValue } from '@ao-ts/core/ans104';
import { type HttpClient, requestJson, saidNotFound } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { ProcessFacts } from '../domain/overrides.ts';

const Described = z.object({
  owner: z.object({ address: z.string() }),
  tags: z.array(z.object({ name: z.string(), value: z.string() })),
});

const MAX_KNOWN = 100_000;
const LOOK_UP_TIMEOUT_MS = 3000;
/** How long a process that was not found, or a scheduler that did not answer, is not asked about again. */
const UNKNOWN_MS = 2000;

/** Owner and From-Module of processes, as their scheduler (or its router) tells them. They never change. */
export class ProcessFactsClient {
  readonly #http: HttpClient;
  readonly #url: string;
  readonly #known = new Map<string, { facts: Promise<ProcessFacts | undefined>; until: number }>();

  constructor(http: HttpClient, url: string) {
    this.#http = http;
    this.#url = url;
  }

  /** Undefined if the scheduler does not know the process, or does not answer in time. */
  find(processId: string): Promise<ProcessFacts | undefined> {
    const known = this.#known.get(processId);
    if (known && known.until > Date.now()) return known.facts;
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value ?? '');
    const entry = { facts: this.#ask(processId), until: Number.POSITIVE_INFINITY };
    this.#known.set(processId, entry);
    void entry.facts.then((facts) => {
      if (facts === undefined) entry.until = Date.now() + UNKNOWN_MS;
    });
    return entry.facts;
  }

  async #ask(processId: string): Promise<ProcessFacts | undefined> {
    const remote = { http: this.#http, url: this.#url, name: 'scheduler unit' };
    const path = `/processes/${encodeURIComponent(processId)}`;
    try {
      const { owner, tags } = await requestJson(remote, path, Described, { timeoutMs: LOOK_UP_TIMEOUT_MS });
      return { owner: owner.address, fromModule: tagValue(tags, 'From-Module') };
    } catch (error) {
      if (saidNotFound(error) || isAoError(error)) return undefined;
      throw error;
    }
  }
}
