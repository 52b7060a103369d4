import { randomBytes } from 'node:crypto';
import { ethereumSigner } from '@ao-ts/core/ans104';
import { Network } from '@ao-ts/network';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { computeChecks, gatewayChecks, messengerChecks, schedulerChecks, type Target } from '../src/index.ts';

let network: Network;
let target: Target;
beforeAll(async () => {
  network = await Network.start({ logLevel: 'error' });
  target = { ...network.file, signer: ethereumSigner(randomBytes(32)) };
});
afterAll(() => network?.stop());

describe.each([
  ['gateway', gatewayChecks],
  ['scheduler unit', schedulerChecks],
  ['compute unit', computeChecks],
  ['messenger unit', messengerChecks],
])('%s', (_unit, checks) => {
  test.each(checks)('$name', (check) => check.run(target));
});
