import { hash } from 'node:crypto';
import { type Tag, tagValue } from '@ao-ts/core/ans104';
import type { OutboxMessage, OutboxSpawn } from '@ao-ts/core/schemas';
import type { ItemPlan } from './node.ts';

/** The process that emitted, as its children tell it. */
interface Sender {
  emitter: string;
  emitterTags: readonly Tag[];
  root?: string;
}

const OF_THE_MESSENGER = new Set([
  'Data-Protocol',
  'Type',
  'From-Process',
  'From-Module',
  'Assignments',
  'Pushed-For',
]);

/** The item for a message of an outbox. `key` tells apart entries that are otherwise equal. */
export function messagePlan(message: OutboxMessage, sender: Sender, key: string): ItemPlan {
  const tags = [
    ...message.Tags.filter((tag) => !OF_THE_MESSENGER.has(tag.name)),
    { name: 'Data-Protocol', value: 'ao' },
    ...(tagValue(message.Tags, 'Variant') ? [] : [{ name: 'Variant', value: 'ao.TN.1' }]),
    { name: 'Type', value: 'Message' },
    { name: 'From-Process', value: sender.emitter },
    { name: 'From-Module', value: tagValue(sender.emitterTags, 'Module') ?? '' },
    ...pushedFor(sender.root),
  ];
  // A scheduler takes equal content of one process only once, so an entry without an anchor gets one of its own.
  return {
    target: message.Target,
    anchor: message.Anchor || anchorOf(key),
    tags: notEmpty(tags),
    data: dataText(message.Data),
  };
}

/** The item for a process of an outbox. */
export function spawnPlan(spawn: OutboxSpawn, sender: Sender): ItemPlan {
  const module = tagValue(sender.emitterTags, 'Module') ?? '';
  const scheduler = tagValue(sender.emitterTags, 'Scheduler') ?? '';
  const variant = { name: 'Variant', value: variantOf(spawn.Tags) };
  const given = spawn.Tags
    // Nobody spawns in the name of another process.
    .filter(
      ({ name, value }) => name !== 'Pushed-For' && (name !== 'From-Process' || value === sender.emitter),
    )
    .map((tag) => (tag.name === 'From-Module' ? { ...tag, value: module } : tag));
  const tags = [
    ...given.filter(({ name }) => name !== 'Data-Protocol' && name !== 'Type'),
    variant,
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Process' },
    { name: 'From-Process', value: sender.emitter },
    ...pushedFor(sender.root),
    ...(tagValue(given, 'Scheduler') ? [] : [{ name: 'Scheduler', value: scheduler }]),
  ];
  const reply = given.filter(
    ({ name, value }) =>
      !(name === 'Data-Protocol' && value === 'ao') && name !== 'Variant' && name !== 'Type',
  );
  return { tags: notEmpty(tags), data: dataText(spawn.Data), reply: notEmpty(reply) };
}

/**
 * The message that tells a process that what it spawned is there. It carries the tags of the spawn, because
 * the process finds what it asked for by its `Reference`.
 */
export function spawnedPlan(processId: string, spawn: ItemPlan, emitter: string, root?: string): ItemPlan {
  const reply = spawn.reply ?? [];
  const tags = [
    ...reply,
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Message' },
    { name: 'Process', value: processId },
    { name: 'Action', value: 'Spawned' },
    { name: 'Variant', value: variantOf(spawn.tags) },
    ...(tagValue(reply, 'From-Process') ? [] : [{ name: 'From-Process', value: emitter }]),
    ...pushedFor(root),
  ];
  return { target: emitter, tags, data: ' ' };
}

/**
 * Takes the `Assignments` tag out of a message of an outbox: the processes it is assigned to once it is
 * scheduled, a list or comma-separated text; not checked yet.
 */
export function assignRequest(entry: unknown): { rest: unknown; assignTo: unknown[] } {
  const tags = (entry as { Tags?: unknown } | null)?.Tags;
  if (!Array.isArray(tags)) return { rest: entry, assignTo: [] };
  const asked = tags.filter((tag) => tag?.name === 'Assignments');
  if (asked.length === 0) return { rest: entry, assignTo: [] };
  const assignTo = asked
    .flatMap(({ value }) => (typeof value === 'string' ? value.split(',') : value))
    .map((id) => (typeof id === 'string' ? id.trim() : id))
    .filter((id) => id !== '');
  const rest = { ...(entry as object), Tags: tags.filter((tag) => tag?.name !== 'Assignments') };
  return { rest, assignTo: [...new Set(assignTo)] };
}

/** `Cast: True` — scheduled, and nobody waits for the result. */
export function isCast(tags: readonly Tag[]): boolean {
  return tagValue(tags, 'Cast')?.toLowerCase() === 'true';
}

/** An anchor that no other entry of any outbox has. */
export function anchorOf(key: string): string {
  return hash('sha256', key, 'hex').slice(0, 32);
}

function variantOf(tags: readonly Tag[]): string {
  return tagValue(tags, 'Variant') === 'ao.N.1' ? 'ao.N.1' : 'ao.TN.1';
}

function pushedFor(root: string | undefined): Tag[] {
  return root === undefined ? [] : [{ name: 'Pushed-For', value: root }];
}

// ANS-104 can not carry an empty name or value; losing the tag is better than losing the message.
function notEmpty(tags: readonly Tag[]): Tag[] {
  return tags.filter(({ name, value }) => name !== '' && value !== '');
}

function dataText(data: unknown): string {
  if (data === undefined || data === null || data === '') return ' ';
  if (typeof data === 'string') return data;
  throw new TypeError(`Data must be text, not ${Array.isArray(data) ? 'a list' : typeof data}`);
}
