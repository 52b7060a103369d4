import { percentile } from './report.ts';

export const HEAP_BYTES = 100 * 1024 * 1024;

const ID = 'A'.repeat(43);

export const environment = {
  Process: { Id: ID, Owner: ID, Tags: [] },
  Module: { Id: ID, Owner: ID, Tags: [] },
};

/** A message as the compute unit gives it to a module. */
export const message = (id: string, nonce: number, type: string, action: string, data: string) => ({
  Id: id,
  Signature: 's',
  Data: data,
  Owner: ID,
  Target: ID,
  From: ID,
  Tags: [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: type },
    { name: 'Action', value: action },
  ],
  Module: ID,
  Epoch: 0,
  Nonce: nonce,
  Timestamp: 1_700_000_000_000 + nonce,
  'Block-Height': 1_600_001,
  Cron: false,
});

/** The first message of a process. */
export const spawnMessage = message(ID, 0, 'Process', 'Spawn', ' ');

/** A message by which the owner has Lua evaluated. */
export const evaluation = (lua: string) => message('m'.repeat(43), 1, 'Message', 'Eval', lua);

/**
 * Milliseconds per call of each function: medians over rounds that take turns, so that a machine that gets slower or
 * faster meanwhile changes all of them alike.
 */
export function perCall(
  functions: readonly (() => unknown)[],
  { warm, calls, rounds }: { warm: number; calls: number; rounds: number },
): number[] {
  for (const call of functions) for (let i = 0; i < warm; i++) call();
  const samples = functions.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    functions.forEach((call, index) => {
      const started = performance.now();
      for (let i = 0; i < calls; i++) call();
      samples[index]?.push((performance.now() - started) / calls);
    });
  }
  return samples.map((each) => percentile(each, 0.5));
}
