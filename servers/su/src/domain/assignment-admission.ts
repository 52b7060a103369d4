import { fromBase64url, isAoError, isId } from '@ao-ts/core';
import { NO_LIMITS, parseDataItem, type Tag, tagValue } from '@ao-ts/core/ans104';
import { type Content, contentHash } from './content-hash.ts';
import { noId, processNotFound, refused } from './errors.ts';
import type { ProcessAccess } from './process-access.ts';
import type { Entry } from './process-line.ts';
import type { ScheduleStore } from './schedule-store.ts';

/** What the gateway says of a transaction or item. */
export interface ArweaveTransaction {
  recipient?: string | null | undefined;
  anchor?: string | null | undefined;
  tags: readonly Tag[];
}

/** The part of a gateway that assignments need. */
export interface Arweave {
  transaction(id: string): Promise<ArweaveTransaction | undefined>;
  data(id: string): Promise<Uint8Array>;
  /** Blocks on top of a layer-one transaction, or undefined while it is in none. */
  confirmations(id: string): Promise<number | undefined>;
}

export interface AssignmentRequest {
  processId: string;
  /** Id of the transaction or item. */
  assign: string;
  /** A layer-one transaction, which is assigned once it is settled. */
  baseLayer: boolean;
  exclude: readonly string[];
}

const DEFAULT_SETTLEMENT_DEPTH = 20;

/**
 * Checks a request to assign something that exists: everything that can be decided without a slot.
 * @throws AoError `PROCESS.NOT_FOUND`, `SCHEDULE.REFUSED`, and the gateway's errors
 */
export async function admitAssignment(
  request: AssignmentRequest,
  { store, arweave, access }: { store: ScheduleStore; arweave: Arweave; access: ProcessAccess },
): Promise<Entry> {
  const { processId, assign, baseLayer, exclude } = request;
  await access.checkWrite(processId);
  const process = await store.slot(processId, 0);
  if (!process?.item) throw processNotFound(processId);
  if (!isId(assign)) throw noId(assign);
  const entry = { processId, itemId: assign, item: null, exclude };
  if (!baseLayer) return { ...entry, contentHash: contentHash(await readContent(assign, store, arweave)) };

  const depth = settlementDepth(parseDataItem(process.item, NO_LIMITS).tags);
  const confirmations = await arweave.confirmations(assign);
  if (confirmations === undefined) throw refused('Transaction not found', { assign });
  if (confirmations < depth) {
    throw refused('Not enough confirmations to assign', { assign, confirmations, depth });
  }
  return entry;
}

function settlementDepth(tags: readonly Tag[]): number {
  const text = tagValue(tags, 'Settlement-Depth') ?? '';
  return /^\d+$/.test(text) ? Number(text) : DEFAULT_SETTLEMENT_DEPTH;
}

// What was scheduled here is known before any gateway has it.
async function readContent(id: string, store: ScheduleStore, arweave: Arweave): Promise<Content> {
  const own = (await store.slot(id, 0))?.item ?? (await store.find(id))?.item;
  if (own) return parseDataItem(own, NO_LIMITS);
  const transaction = await arweave.transaction(id);
  if (!transaction) throw refused('Transaction not found', { assign: id });
  return {
    target: fromBase64url(transaction.recipient ?? ''),
    anchor: fromBase64url(transaction.anchor ?? ''),
    tags: transaction.tags,
    data: await readData(id, arweave),
  };
}

async function readData(id: string, arweave: Arweave): Promise<Uint8Array> {
  try {
    return await arweave.data(id);
  } catch (error) {
    // A transaction without data, or one larger than any message: neither can repeat a message.
    if (isAoError(error, 'TRANSACTION.NOT_FOUND') || isAoError(error, 'HTTP.TOO_LARGE')) {
      return Buffer.from(id);
    }
    throw error;
  }
}
