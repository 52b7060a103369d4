import { AoError, errorMessage, isAoError } from '@ao-ts/core';

// Clients of Scheduler Units compare some of these texts, so they are spelled as they always were.

export const processNotFound = (processId: string): AoError =>
  new AoError('PROCESS.NOT_FOUND', 'NotFound("Process not found")', { action: 'fix', facts: { processId } });

export const nothingFound = (id: string): AoError =>
  new AoError('SCHEDULE.NOT_FOUND', 'Message or Process not found', { action: 'fix', facts: { id } });

export const noLatest = (processId: string): AoError =>
  new AoError('SCHEDULE.NO_LATEST', 'Latest message not available', { action: 'fix', facts: { processId } });

export const duplicateItem = (itemId: string): AoError =>
  new AoError('SCHEDULE.DUPLICATE', 'MessageExists("Message already exists")', {
    action: 'fix',
    facts: { itemId },
  });

export const duplicateContent = (itemId: string): AoError =>
  new AoError('SCHEDULE.DUPLICATE', 'MessageExists("Deep hash already exists")', {
    action: 'fix',
    facts: { itemId },
  });

export const conflict = (processId: string): AoError =>
  new AoError(
    'SCHEDULE.CONFLICT',
    'The slot was lost because the one before it could not be stored. Send the item again.',
    { action: 'retry', facts: { processId } },
  );

export const storeFailed = (cause: unknown): AoError =>
  new AoError(
    'STORE.FAILED',
    'The schedule can not be written right now; the item has no slot. Send it again later.',
    { action: 'retry', facts: { reason: errorMessage(cause) }, cause },
  );

export const notSigned = (cause: Error): AoError =>
  new AoError('SCHEDULE.UNSIGNED', 'The slot could not be signed; the item has none. Send it again.', {
    action: 'retry',
    facts: { reason: errorMessage(cause) },
    cause,
  });

export const refused = (text: string, facts: Record<string, unknown> = {}): AoError =>
  new AoError('SCHEDULE.REFUSED', text, { action: 'fix', facts });

export const noId = (assign: string): AoError =>
  refused('error in builder: BuilderError("assign param must be 43 characters")', { assign });

/** What is wrong with an item's bytes, in the words that clients know where there are any; `facts.reason` has ours. */
export function unreadableItem(error: unknown): unknown {
  if (!isAoError(error)) return error;
  const { code, message, action, facts } = error;
  const known = byteError(code, facts.missing);
  if (known === undefined) return error;
  const text = `error in builder: BuilderError("Byte error in builder: ByteError(\\"${known}\\")")`;
  return new AoError(code, text, { action, facts: { ...facts, reason: message } });
}

function byteError(code: string, missing: unknown): string | undefined {
  if (code === 'ANS104.SIGNATURE') return 'Signature verification failed';
  if (missing === 'signature type') return 'Buffer too short for signature type';
  if (missing === 'signature' || missing === 'owner') return 'Buffer too short for signature and public key';
  return undefined;
}
