import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { firstHashChain, nextHashChain } from './hash-chain.ts';

interface Vector {
  process: string;
  slots: { nonce: number; assignment: string; hashChain: string }[];
}

const vector = JSON.parse(
  readFileSync(new URL('../../vectors/hash-chain.json', import.meta.url), 'utf8'),
) as Vector;

test('the chain of a real process is recomputed link by link', () => {
  let chain = firstHashChain(vector.process);
  for (const slot of vector.slots) {
    expect(chain).toBe(slot.hashChain);
    chain = nextHashChain({ assignmentId: slot.assignment, hashChain: chain });
  }
});
