import { constants, createPublicKey, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { AoError, fromBase64url, isId, ownerAddress, sha256, toBase64url } from '@ao-ts/core';
import type { Tag } from '@ao-ts/core/ans104';
import Arweave from 'arweave';
import { generateTransactionChunks } from 'arweave/node/lib/merkle.js';
import { z } from 'zod';

const Base64url = z.string().regex(/^[A-Za-z0-9_-]*$/, 'must be base64url');
const Digits = z.string().regex(/^\d{1,20}$/, 'must be a decimal number as text');
const Address = Base64url.refine((text) => text === '' || isId(text), 'must be an address or empty');

/** A layer-one transaction as it travels. Byte fields are base64url, amounts are winston. */
export const Transaction = z.object({
  format: z.union([z.literal(1), z.literal(2)]),
  id: z.string().refine(isId, 'must be 43 characters of base64url'),
  last_tx: Base64url.max(64),
  owner: Base64url.min(1).max(1400),
  tags: z.array(z.object({ name: Base64url, value: Base64url })).max(2048),
  target: Address,
  quantity: Digits,
  data_size: Digits.default('0'),
  data_root: Address.default(''),
  data: Base64url.default(''),
  reward: Digits,
  signature: Base64url.min(1).max(1400),
});
export type Transaction = z.output<typeof Transaction>;

/** Arweave's own bound for names and values of a transaction's tags together. */
const MAX_TAG_BYTES = 2048;

const { transactions } = Arweave.init({});

const verifyPss = promisify(verify);
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };

/**
 * Reads a transaction and checks its id, its signature, and its data if that is inside.
 * @throws AoError `TRANSACTION.FORMAT`, `TRANSACTION.SIGNATURE`, `TRANSACTION.DATA`
 */
export async function readTransaction(
  json: unknown,
): Promise<{ transaction: Transaction; data: Uint8Array; size: number }> {
  const parsed = Transaction.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid('FORMAT', `The transaction's '${issue?.path.join('.')}' ${issue?.message}.`);
  }
  const transaction = parsed.data;
  const tagBytes = transaction.tags.reduce((sum, { name, value }) => {
    return sum + fromBase64url(name).length + fromBase64url(value).length;
  }, 0);
  if (tagBytes > MAX_TAG_BYTES) {
    throw invalid('FORMAT', `The tags have ${tagBytes} bytes; Arweave allows ${MAX_TAG_BYTES}.`);
  }
  if (transaction.target === '' && BigInt(transaction.quantity) > 0n) {
    throw invalid('FORMAT', 'The transaction sends winston to nobody: it has a quantity, but no target.');
  }
  if (!(await isSigned(transaction))) {
    throw invalid('SIGNATURE', 'The id or the signature of the transaction is not valid for its content.');
  }
  const data = fromBase64url(transaction.data);
  const size = transaction.format === 1 ? data.length : Number(transaction.data_size);
  await checkData(transaction, data, size);
  return { transaction, data, size };
}

async function isSigned(transaction: Transaction): Promise<boolean> {
  const signature = fromBase64url(transaction.signature);
  if (toBase64url(sha256(signature)) !== transaction.id) return false;
  const message = await transactions.fromRaw(transaction).getSignatureData();
  try {
    const key = createPublicKey({ key: { kty: 'RSA', n: transaction.owner, e: 'AQAB' }, format: 'jwk' });
    return await verifyPss('sha256', message, { ...PSS, key }, signature);
  } catch {
    return false; // a key that is none
  }
}

async function checkData({ format, data_root }: Transaction, data: Uint8Array, size: number): Promise<void> {
  if (format === 1) return;
  if (size > 0 && data_root === '') throw invalid('DATA', 'The transaction has data, but no data_root.');
  if (data.length === 0) return;
  if (data.length !== size) {
    throw invalid('DATA', `The data has ${data.length} bytes; data_size says ${size}.`);
  }
  const { data_root: root } = await generateTransactionChunks(data);
  if (Buffer.compare(root, fromBase64url(data_root)) !== 0) {
    throw invalid('DATA', 'The data does not have the data_root that was signed.');
  }
}

function invalid(what: 'FORMAT' | 'SIGNATURE' | 'DATA', text: string): AoError {
  return new AoError(`TRANSACTION.${what}`, text, { action: 'fix' });
}

/** Tags of a transaction as text. */
export function transactionTags({ tags }: Pick<Transaction, 'tags'>): Tag[] {
  const text = (base64url: string) => Buffer.from(base64url, 'base64url').toString('utf8');
  return tags.map(({ name, value }) => ({ name: text(name), value: text(value) }));
}

export function transactionOwner({ owner }: Pick<Transaction, 'owner'>): string {
  return ownerAddress(fromBase64url(owner));
}
