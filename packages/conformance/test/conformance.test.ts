import { randomBytes } from 'node:crypto';
import { ethereumSigner } from '@ao-ts/core/ans104';
import { Network } from '@ao-ts/network';
import type { Unit } from '@ao-ts/server-kit';
import { configFrom, create } from '@ao-ts/ur';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  computeChecks,
  gatewayChecks,
  messengerChecks,
  routerChecks,
  schedulerChecks,
  type Target,
} from '../src/index.ts';

let network: Network;
let target: Target;
/** The same network behind routers. */
let routed: Target;
const routers: Unit[] = [];

async function router(AO_UNIT: string, HOSTS: string): Promise<string> {
  const unit = await create(configFrom({ AO_UNIT, HOSTS, PORT: '0', LOG_LEVEL: 'error' }));
  routers.push(unit);
  await unit.start();
  return unit.url;
}

beforeAll(async () => {
  network = await Network.start({ logLevel: 'error' });
  target = { ...network.file, signer: ethereumSigner(randomBytes(32)) };
  const [su, mu, cu] = await Promise.all([
    router('su', target.su),
    router('mu', target.mu),
    router('cu', target.cu),
  ]);
  routed = { ...target, su, mu, cu };
});
afterAll(async () => {
  for (const unit of routers) await unit[Symbol.asyncDispose]();
  await network?.stop();
});

describe.each([
  ['gateway', gatewayChecks],
  ['scheduler unit', schedulerChecks],
  ['compute unit', computeChecks],
  ['messenger unit', messengerChecks],
])('%s', (_unit, checks) => {
  test.each(checks)('$name', (check) => check.run(target));
});

describe.each([
  ['router', routerChecks],
  ['scheduler unit behind a router', schedulerChecks],
  ['compute unit behind a router', computeChecks],
])('%s', (_unit, checks) => {
  test.each(checks)('$name', (check) => check.run(routed));
});
