import { type DataItem, readSignedItem, type Tag } from '@ao-ts/core/ans104';
import type { RateLimit } from '@ao-ts/server-kit';
import { contentHash } from './content-hash.ts';
import { refused, unreadableItem } from './errors.ts';
import { checkMessageSize, type MessageSizeLimit } from './message-size.ts';
import type { ProcessAccess } from './process-access.ts';
import type { Entry } from './process-line.ts';

export interface ItemAdmissionOptions {
  /** Addresses a spawn's Scheduler tag may name; `*` among them for any. */
  schedulers: readonly string[];
  /** True if a transaction or item is on Arweave. */
  onArweave: (id: string) => Promise<boolean>;
  access: ProcessAccess;
  sizeLimit: MessageSizeLimit | undefined;
  quota: RateLimit | undefined;
}

/**
 * Parses and verifies a posted item, and checks what is the same for all of them.
 * @throws AoError `ANS104.*`, `SCHEDULE.REFUSED`
 */
export async function readItem(raw: Uint8Array): Promise<{ item: DataItem; type: 'Process' | 'Message' }> {
  const item = await readSignedItem(raw).catch((error: unknown) => {
    throw unreadableItem(error);
  });
  const types = valuesOf(item.tags, 'Type', 'type');
  if (types.length === 0) throw refused('Type tag not present');
  // Client libraries put the tags of their users, which may have a Type of their own, before those of the protocol.
  const type = types.find((value) => value === 'Process' || value === 'Message');
  if (type === undefined) throw refused('Unsupported Type tag value', { types });
  if (valuesOf(item.tags, 'Data-Protocol', 'data-protocol').length === 0) {
    throw refused('Data-Protocol tag not present');
  }
  for (const { name, value } of item.tags) {
    if (name.endsWith('+link') || value.endsWith('+link')) {
      throw refused(`Tag ${name} cannot contain +link`);
    }
  }
  if (type === 'Message' && item.target.length === 0) {
    throw refused('The message has no target: set it to the id of the process it is for.');
  }
  return { item, type };
}

/**
 * Checks a posted item: everything that can be decided without a slot.
 * @throws AoError `ANS104.*`, `SCHEDULE.REFUSED`, `RATE.LIMITED`
 */
export async function admitItem(raw: Uint8Array, options: ItemAdmissionOptions): Promise<Entry> {
  const { item, type } = await readItem(raw);
  options.quota?.take(item.ownerAddress, `${item.ownerAddress} sends more items a minute than it may.`);
  return type === 'Process' ? admitProcess(item, options) : admitMessage(item, options);
}

async function admitProcess(
  item: DataItem,
  { schedulers, onArweave, access }: ItemAdmissionOptions,
): Promise<Entry> {
  await access.checkSpawn();
  const scheduler = item.tag('Scheduler');
  if (item.tag('Module') === undefined || scheduler === undefined) {
    throw refused('Required Module and Scheduler tags for Process type not present');
  }
  if (!schedulers.includes('*') && !schedulers.includes(scheduler)) {
    throw refused(
      `The Scheduler tag names ${scheduler}, but this scheduler is ${schedulers[0]}: spawn with that address.`,
      { scheduler },
    );
  }
  const onBoot = item.tag('On-Boot');
  if (onBoot !== undefined && onBoot !== 'Data' && !(await onArweave(onBoot))) {
    throw refused('Invalid tx id for On-Boot tag', { onBoot });
  }
  return { processId: item.id, itemId: item.id, item: item.raw, exclude: [] };
}

async function admitMessage(item: DataItem, { access, sizeLimit }: ItemAdmissionOptions): Promise<Entry> {
  await access.checkWrite(item.targetId);
  checkMessageSize(item, sizeLimit);
  const pushed = item.tag('From-Process') !== undefined;
  return {
    processId: item.targetId,
    itemId: item.id,
    item: item.raw,
    exclude: [],
    ...(pushed ? { contentHash: contentHash(item) } : {}),
  };
}

function valuesOf(tags: readonly Tag[], ...names: readonly string[]): string[] {
  return tags.filter((tag) => names.includes(tag.name)).map((tag) => tag.value);
}
