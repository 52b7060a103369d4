import { randomBytes } from 'node:crypto';
import { toBase64url } from '@ao-ts/core';
import { arweaveSigner, parseDataItem, verifyDataItem } from '@ao-ts/core/ans104';
import { firstHashChain, nextHashChain, readAssignmentTags } from '@ao-ts/core/schedule';
import { generateWallet } from '@ao-ts/server-kit';
import { afterEach, expect, test } from 'vitest';
import type { Made, SlotOrder } from '../domain/make-slots.ts';
import { SigningThreads } from './signing-threads.ts';

const signer = arweaveSigner(await generateWallet());
const threads = new SigningThreads(signer.slowKey as NonNullable<typeof signer.slowKey>);
const newId = () => toBase64url(randomBytes(32));

afterEach(() => threads.close());

const order = (processId: string, count: number): SlotOrder => ({
  drafts: Array.from({ length: count }, (_, nonce) => ({
    processId,
    itemId: nonce === 0 ? processId : newId(),
    exclude: [],
  })),
  head: { nonce: -1, timestamp: 0, assignmentId: '', hashChain: '', blockHeight: 0 },
  height: 7,
  now: 1_000,
});

test('several orders at a time: each gives one sound chain, and what can not be signed costs no slot', async () => {
  const orders = Array.from({ length: 5 }, () => order(newId(), 6));
  const [spoiled] = orders;
  if (spoiled?.drafts[2]) spoiled.drafts[2].exclude = ['x'.repeat(4000)];
  const made = await Promise.all(
    orders.map(async (each) => {
      const told: Made[] = [];
      await threads.make(each, (one) => told.push(one));
      return told;
    }),
  );
  expect(made[0]?.[2]).toMatchObject({ error: { code: 'ANS104.LIMIT', action: 'fix' } });
  for (const [index, { drafts }] of orders.entries()) {
    const slots = made[index]?.flatMap((one) => ('error' in one ? [] : [one])) ?? [];
    expect(slots).toHaveLength(index === 0 ? 5 : 6);
    let hashChain = firstHashChain(drafts[0]?.processId ?? '');
    for (const [nonce, { assignment, head }] of slots.entries()) {
      const item = parseDataItem(assignment);
      await verifyDataItem(item);
      const read = readAssignmentTags(item.tags);
      expect(read).toMatchObject({ nonce, hashChain, timestamp: 1_000 + nonce, blockHeight: 7 });
      expect(head).toMatchObject({ nonce, hashChain, assignmentId: item.id });
      hashChain = nextHashChain(head);
    }
  }
});

test('a lost thread fails what it did not tell of, and another one takes the next order', async () => {
  const told: Made[] = [];
  const lost = threads.make(order(newId(), 500), (one) => {
    told.push(one);
    if (told.length === 2) void threads.close();
  });
  await expect(lost).rejects.toMatchObject({ code: 'SCHEDULE.UNSIGNED', action: 'retry' });
  expect(told.length).toBeLessThan(500);
  const next: Made[] = [];
  await threads.make(order(newId(), 2), (one) => next.push(one));
  expect(next).toHaveLength(2);
});
