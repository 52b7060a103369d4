import { type Tag, tagValue } from '@ao-ts/core/ans104';
import type { DryRunMessage } from '@ao-ts/core/schemas';
import type { Module } from './module.ts';
import { addressOf, senderOf } from './owner.ts';
import type { Process } from './process.ts';
import type { Point, Slot } from './slot.ts';

/** What is taken of a transaction that was assigned. Fields the assignment excludes are absent. */
export interface AssignedTransaction {
  Signature?: string;
  Owner: string;
  Target: string;
  Tags: readonly Tag[];
  Anchor?: string;
  Data?: string;
}

interface Fields {
  Id?: string | null;
  Signature?: string | null;
  Data?: unknown;
  Owner: string;
  Target: string;
  Anchor?: string | null;
  From: string;
  'Forwarded-By'?: string | null;
  Tags: readonly Tag[];
  Epoch?: number | null;
  Nonce?: number | null;
  Timestamp: number;
  'Block-Height': number;
  'Hash-Chain'?: string | null;
  Cron: boolean;
  'Read-Only': boolean;
}

/**
 * The first argument of `handle`. The order of the keys is part of the protocol: the text is copied into the memory,
 * and memories must be equal everywhere. Keys without a value are left out, nulls stay.
 */
function messageText(fields: Fields): string {
  return JSON.stringify({
    Id: fields.Id,
    Signature: fields.Signature,
    Data: fields.Data,
    Owner: fields.Owner,
    Target: fields.Target,
    Anchor: fields.Anchor,
    From: fields.From,
    'Forwarded-By': fields['Forwarded-By'],
    // Lua programs lift tags into the message: these two would forge who it is from.
    Tags: fields.Tags.filter(({ name }) => name !== 'From' && name !== 'Owner'),
    Epoch: fields.Epoch,
    Nonce: fields.Nonce,
    Timestamp: fields.Timestamp,
    'Block-Height': fields['Block-Height'],
    'Hash-Chain': fields['Hash-Chain'],
    Cron: fields.Cron,
    'Read-Only': fields['Read-Only'],
  });
}

/** A scheduled message, or the spawn itself. */
export function scheduledText(slot: Slot & { message: NonNullable<Slot['message']> }): string {
  const { message } = slot;
  const owner = addressOf(message.owner);
  const pushed = tagValue(message.tags, 'From-Process') !== undefined;
  return messageText({
    Id: message.id,
    Signature: message.signature,
    Data: message.data,
    Owner: owner,
    Target: slot.processId,
    Anchor: message.anchor,
    From: senderOf(owner, message.tags),
    ...(pushed ? { 'Forwarded-By': owner } : {}),
    Tags: message.tags,
    ...place(slot),
  });
}

/** An assignment of something that was on Arweave before. */
export function assignedText(slot: Slot, transaction: AssignedTransaction): string {
  return messageText({
    Id: slot.messageId,
    ...transaction,
    From: senderOf(transaction.Owner, transaction.Tags),
    ...place(slot),
  });
}

function place(
  slot: Slot,
): Pick<Fields, 'Epoch' | 'Nonce' | 'Timestamp' | 'Block-Height' | 'Hash-Chain' | 'Cron' | 'Read-Only'> {
  return {
    Epoch: slot.epoch,
    Nonce: slot.nonce,
    Timestamp: slot.timestamp,
    'Block-Height': slot.blockHeight,
    'Hash-Chain': slot.hashChain,
    Cron: false,
    'Read-Only': false,
  };
}

/** The spawn of a process from before schedules began with it; its result is not stored. */
export function spawnText(process: Process, data: string): string {
  return messageText({
    Id: process.id,
    Signature: process.signature,
    Data: data,
    Owner: process.owner,
    Target: process.id,
    Anchor: process.anchor,
    From: senderOf(process.owner, process.tags),
    Tags: process.tags,
    Timestamp: process.origin.timestamp,
    'Block-Height': process.origin.blockHeight,
    Cron: false,
    'Read-Only': false,
  });
}

/** A message that a cron of the process makes. */
export function cronText(
  process: Process,
  tags: readonly Tag[],
  at: { timestamp: number; blockHeight: number },
): string {
  return messageText({
    Owner: process.owner,
    Target: process.id,
    From: process.owner,
    Tags: tags,
    Timestamp: at.timestamp,
    'Block-Height': at.blockHeight,
    Cron: true,
    'Read-Only': false,
  });
}

/** A message that is only tried out. What it does not say is filled in from where the process stands. */
export function dryRunText(processId: string, message: DryRunMessage, at: Point): string {
  const { Anchor, Id, Signature, Data, Epoch, Nonce } = message;
  return messageText({
    ...definedOnly({ Id, Signature, Data, Anchor, Epoch, Nonce }),
    Owner: message.Owner,
    Target: message.Target ?? processId,
    From: senderOf(message.Owner, message.Tags),
    ...definedOnly({ 'Forwarded-By': message['Forwarded-By'], 'Hash-Chain': message['Hash-Chain'] }),
    Tags: message.Tags,
    Timestamp: message.Timestamp ?? at.timestamp,
    'Block-Height': message['Block-Height'] ?? at.blockHeight,
    Cron: message.Cron ?? false,
    'Read-Only': true,
  });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedOnly<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** The second argument of `handle`. */
export function environmentText(process: Process, module: Module): string {
  return JSON.stringify({
    Process: { Id: process.id, Owner: process.owner, Tags: process.tags },
    Module: { Id: module.id, Owner: module.owner, Tags: module.tags },
  });
}
