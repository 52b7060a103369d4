import { AoError } from '../errors.ts';

export type Sort = 'ASC' | 'DESC';

/** A place in the list of results of a process. The encoding is public: clients decode it. */
export interface Cursor {
  /** Unix milliseconds of the evaluated message. */
  timestamp: number;
  /** Nonce of the message, or of the scheduled message to the left of a cron message. */
  ordinate: number;
  /** `<index>-<interval>` for cron messages, else null. */
  cron: string | null;
  sort: Sort;
}

/** Standard base64 (with padding) of compact JSON, keys in this order, the ordinate as a decimal string. */
export function encodeCursor({ timestamp, ordinate, cron, sort }: Cursor): string {
  return Buffer.from(JSON.stringify({ timestamp, ordinate: String(ordinate), cron, sort })).toString(
    'base64',
  );
}

/** A cursor as clients send it: those of older units do not name their order. */
export type ReadCursor = Omit<Cursor, 'sort'> & { sort: Sort | undefined };

/**
 * A bound as clients send it: a cursor, or a bare timestamp in ms.
 * @throws AoError `RESULTS.CURSOR`
 */
export function decodeBound(text: string): { cursor: ReadCursor } | { timestamp: number } {
  const cursor = tryCursor(text);
  if (cursor) return { cursor };
  const timestamp = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(timestamp)) return { timestamp };
  throw new AoError('RESULTS.CURSOR', `'${text}' is neither a cursor nor a timestamp in milliseconds.`, {
    action: 'fix',
  });
}

function tryCursor(text: string): ReadCursor | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { timestamp, ordinate, cron, sort } = value as Record<string, unknown>;
  const nonce = Number(ordinate);
  if (typeof timestamp !== 'number' || ordinate === undefined || !Number.isSafeInteger(nonce))
    return undefined;
  return {
    timestamp,
    ordinate: nonce,
    cron: typeof cron === 'string' ? cron : null,
    sort: sort === 'DESC' || sort === 'ASC' ? sort : undefined,
  };
}
