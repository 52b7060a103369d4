import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { createDataItem, type DataItem, type Signer, type Tag } from '@ao-ts/core/ans104';
import type { z } from 'zod';

/** The units under test, ours or anybody else's. URLs without a trailing slash. */
export interface Target {
  gateway: string;
  su: string;
  mu: string;
  cu: string;
  /** Id of a Lua module with the usual process library, known to the gateway. */
  module: string;
  scheduler: string;
  authority: string;
  /** A key the units accept items from. */
  signer: Signer;
}

/** One thing that clients rely on. `run` rejects (usually with an AssertionError) if it does not hold. */
export interface Check {
  name: string;
  run(target: Target): Promise<void>;
}

const PROTOCOL: Tag[] = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Variant', value: 'ao.TN.1' },
];

// Some keys sign the same content the same way, and the same item is scheduled only once.
const anchor = () => randomBytes(16).toString('hex');

export function tagList(tags: Record<string, string>): Tag[] {
  return Object.entries(tags).map(([name, value]) => ({ name, value }));
}

/** A signed Process item for the target's module and scheduler, whose program is `source`. */
export function processItem(target: Target, source = ' '): Promise<DataItem> {
  const { module, scheduler, authority } = target;
  const tags = tagList({
    Type: 'Process',
    Module: module,
    Scheduler: scheduler,
    Authority: authority,
    'On-Boot': 'Data',
  });
  return createDataItem({ anchor: anchor(), tags: [...PROTOCOL, ...tags], data: source }, target.signer);
}

/** A signed Message item. */
export function messageItem(
  target: Target,
  processId: string,
  tags: Record<string, string> = {},
  data = ' ',
): Promise<DataItem> {
  const all = [...PROTOCOL, ...tagList({ Type: 'Message', ...tags })];
  return createDataItem({ target: processId, anchor: anchor(), tags: all, data }, target.signer);
}

export function post(url: string, item: Uint8Array): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Uint8Array.from(item),
  });
}

/** The body of an answer that must have this status and shape. */
export async function body<T>(response: Response, status: number, schema: z.ZodType<T>): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, `${response.url} answered ${response.status}: ${text.slice(0, 300)}`);
  const parsed = schema.safeParse(JSON.parse(text));
  assert.ok(parsed.success, `${response.url}: ${parsed.error?.message} in ${text.slice(0, 300)}`);
  return parsed.data;
}
