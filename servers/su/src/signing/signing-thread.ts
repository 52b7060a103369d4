import type { KeyObject } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { arweaveSignerHere } from '@ao-ts/core/ans104';
import { type Made, makeSlots, type SlotOrder } from '../domain/make-slots.ts';
import { toFailure } from '../thread-failure.ts';

// The entry of a signing thread: orders come in, their slots go out one by one.

const signer = arweaveSignerHere(workerData as KeyObject);

parentPort?.on('message', (order: SlotOrder) => void makeSlots(order, signer, tell));

function tell(made: Made): void {
  // A view takes the whole buffer behind it along, and that of a small item is shared with strangers.
  if ('error' in made) parentPort?.postMessage({ failure: toFailure(made.error) });
  else parentPort?.postMessage({ ...made, assignment: new Uint8Array(made.assignment) });
}
