import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManyMachines } from './many-machines.ts';
import { TokenLoad } from './token-load.ts';
import type { UnitProcess } from './unit-process.ts';

// A minute in all on two idle cores. Twenty programs start, which takes long where others use the cores too.
const TIMEOUT_MS = 480_000;

let machines: ManyMachines;
let load: TokenLoad;

beforeAll(async () => {
  machines = await ManyMachines.start();
  load = new TokenLoad(machines.network.file);
  await load.spawn();
  load.start();
}, TIMEOUT_MS);

afterAll(async () => machines?.[Symbol.asyncDispose](), TIMEOUT_MS);

/** Ends a unit while it is at work, lets the other one work alone for a while, and starts it again. */
async function outage(unit: UnitProcess | undefined, signal: NodeJS.Signals): Promise<number | null> {
  await load.more(2);
  const code = (await unit?.end(signal)) ?? null;
  await load.more(4);
  await unit?.start();
  return code;
}

test.each(['su', 'cu', 'mu'] as const)(
  'one %s after the other is killed, and stopped in good order: no client sees a request fail',
  async (kind) => {
    const [first, second] = machines.units[kind];
    await outage(first, 'SIGKILL');
    expect(await outage(second, 'SIGTERM')).toBe(0);
    await outage(second, 'SIGKILL');
    expect(await outage(first, 'SIGTERM')).toBe(0);
    expect(load.failures).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'routers and gateway are killed and started again, and clients try again',
  async () => {
    const units = [...Object.values(machines.routers), machines.gateway];
    load.patient = true;
    await load.more(2);
    await Promise.all(units.map((unit) => unit.end('SIGKILL')));
    await Promise.all(units.map((unit) => unit.start()));
    await load.more(6);
    load.patient = false;
  },
  TIMEOUT_MS,
);

test(
  'at the end every payment was made once, and told once to each side',
  async () => {
    await load.stop();
    const { told, mustBeTold, balances, mustBe } = await load.books();
    expect(told).toEqual(mustBeTold);
    expect(balances).toEqual(mustBe);
    expect(load.failures).toEqual([]);
  },
  TIMEOUT_MS,
);
