import { AoError } from '@ao-ts/core';
import { type Tag, tagValue } from '@ao-ts/core/ans104';
import { GatewayTransaction, NetworkInfo, TransactionStatus } from '@ao-ts/core/schemas';
import { z } from 'zod';
import type { HttpClient } from '../http-client.ts';
import { type Remote, requestJson, statusError } from './json.ts';

const MAX_PROCESS_BYTES = 16 * 1024 * 1024;

const FIELDS =
  'id signature anchor recipient owner { address key } tags { name value } block { height timestamp }';

const BY_ID = `query ($ids: [ID!]!) {
  transactions(ids: $ids, first: 1) { edges { node { ${FIELDS} } } }
}`;

const BY_TAGS = `query ($owners: [String!], $tags: [TagFilter!], $first: Int) {
  transactions(owners: $owners, tags: $tags, first: $first, sort: HEIGHT_DESC) { edges { node { ${FIELDS} } } }
}`;

const PAGE = `query ($owners: [String!], $tags: [TagFilter!], $after: String) {
  transactions(owners: $owners, tags: $tags, first: 100, after: $after, sort: HEIGHT_DESC) {
    pageInfo { hasNextPage }
    edges { cursor node { ${FIELDS} } }
  }
}`;

const BLOCKS = `query ($min: Int, $first: Int) {
  blocks(height: { min: $min }, first: $first, sort: HEIGHT_ASC) { edges { node { height timestamp } } }
}`;

const BlockEdges = z.object({
  data: z.object({
    blocks: z.object({
      edges: z.array(z.object({ node: z.object({ height: z.number(), timestamp: z.number() }) })),
    }),
  }),
});

const Edges = z.object({
  data: z.object({ transactions: z.object({ edges: z.array(z.object({ node: GatewayTransaction })) }) }),
});

const Page = z.object({
  data: z.object({
    transactions: z.object({
      pageInfo: z.object({ hasNextPage: z.boolean() }),
      edges: z.array(z.object({ cursor: z.string(), node: GatewayTransaction })),
    }),
  }),
});

const filtersOf = (tags: readonly Tag[]) => tags.map(({ name, value }) => ({ name, values: [value] }));

/** Where a scheduler can be reached, as it published on Arweave. */
export interface SchedulerLocation {
  /** Base URL without a trailing slash. */
  url: string;
  timeToLiveMs: number;
}

/** An Arweave gateway: GraphQL and raw data. All methods throw the AoErrors of {@link requestJson}. */
export class GatewayClient {
  readonly #remote: Remote;
  readonly #graphql: Remote;

  constructor(http: HttpClient, url: string, graphqlUrl = `${url}/graphql`) {
    this.#remote = { http, url, name: 'gateway' };
    this.#graphql = { http, url: graphqlUrl, name: 'gateway (GraphQL)' };
  }

  /** The transaction or data item with that id, or undefined if the gateway definitely does not have it. */
  async transaction(id: string): Promise<GatewayTransaction | undefined> {
    const [edge] = await this.#query('transaction', BY_ID, { ids: [id] });
    return edge;
  }

  /**
   * The tags by which a process is found, from the headers of its answer: gateways that are HyperBEAM nodes give them
   * there, and know processes that GraphQL does not. Undefined if the headers tell of no process.
   */
  async processHeaders(id: string): Promise<Tag[] | undefined> {
    const { http, url } = this.#remote;
    const request = { operation: 'processHeaders', maxBytes: MAX_PROCESS_BYTES };
    const response = await http.send(`${url}/${encodeURIComponent(id)}`, request);
    if (response.status >= 500) throw statusError(this.#remote, response);
    const { type, scheduler, module, variant } = response.headers;
    if (response.status !== 200 || String(type).toLowerCase() !== 'process') return undefined;
    const tags = { Type: 'Process', Scheduler: scheduler, Module: module, Variant: variant };
    return Object.entries(tags).flatMap(([name, value]) =>
      typeof value === 'string' ? { name, value } : [],
    );
  }

  /** The newest Scheduler-Location record of a scheduler's address, or undefined if it published none. */
  async schedulerLocation(address: string): Promise<SchedulerLocation | undefined> {
    const tags = [
      { name: 'Data-Protocol', values: ['ao'] },
      { name: 'Type', values: ['Scheduler-Location'] },
    ];
    const [record] = await this.#query('schedulerLocation', BY_TAGS, { owners: [address], tags, first: 1 });
    const url = record && tagValue(record.tags, 'Url');
    if (!record || !url) return undefined;
    const timeToLiveMs = Number(tagValue(record.tags, 'Time-To-Live'));
    return { url: url.replace(/\/+$/, ''), timeToLiveMs: Number.isFinite(timeToLiveMs) ? timeToLiveMs : 0 };
  }

  /** Newest first, at most `first` items with all these tags. */
  byTags(tags: readonly Tag[], first: number, owners?: readonly string[]): Promise<GatewayTransaction[]> {
    return this.#query('byTags', BY_TAGS, { tags: filtersOf(tags), first, ...(owners ? { owners } : {}) });
  }

  /** All items of an owner with all these tags: those that are in no block yet, then the newest first. */
  async *itemsOf(owner: string, tags: readonly Tag[]): AsyncIterable<GatewayTransaction> {
    for (let after: string | undefined; ; ) {
      const variables = { owners: [owner], tags: filtersOf(tags), after };
      const { transactions } = (await this.#graphqlQuery('itemsOf', PAGE, variables, Page)).data;
      for (const { node } of transactions.edges) yield node;
      after = transactions.edges.at(-1)?.cursor;
      if (!transactions.pageInfo.hasNextPage || after === undefined) return;
    }
  }

  /** The data of a transaction or item. @throws AoError `TRANSACTION.NOT_FOUND`, `HTTP.TOO_LARGE` above `maxBytes` */
  async data(id: string, maxBytes?: number): Promise<Uint8Array> {
    const response = await this.#remote.http.send(`${this.#remote.url}/raw/${encodeURIComponent(id)}`, {
      operation: 'data',
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    if (response.status === 404) {
      throw new AoError('TRANSACTION.NOT_FOUND', `The gateway has no data for ${id}.`, { action: 'fix' });
    }
    if (response.status !== 200) throw statusError(this.#remote, response);
    return response.body;
  }

  /** Up to `first` blocks from that height on, in order; `timestamp` is in seconds. */
  async blocks(from: number, first: number): Promise<{ height: number; timestamp: number }[]> {
    const answer = await this.#graphqlQuery('blocks', BLOCKS, { min: from, first }, BlockEdges);
    return answer.data.blocks.edges.map((edge) => edge.node);
  }

  /** Height of the newest block. */
  async height(): Promise<number> {
    return (await requestJson(this.#remote, '/info', NetworkInfo, { operation: 'height' })).height;
  }

  status(id: string): Promise<z.infer<typeof TransactionStatus>> {
    return requestJson(this.#remote, `/tx/${encodeURIComponent(id)}/status`, TransactionStatus, {
      operation: 'isWallet',
    });
  }

  async #query(
    name: string,
    query: string,
    variables: Record<string, unknown>,
  ): Promise<GatewayTransaction[]> {
    const answer = await this.#graphqlQuery(name, query, variables, Edges);
    return answer.data.transactions.edges.map((edge) => edge.node);
  }

  #graphqlQuery<T>(
    name: string,
    query: string,
    variables: Record<string, unknown>,
    schema: z.ZodType<T>,
  ): Promise<T> {
    return requestJson(this.#graphql, '', schema, {
      method: 'POST',
      operation: `graphql ${name}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
  }
}
