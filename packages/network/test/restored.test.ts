import { execFile } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OneMachine } from './one-machine.ts';
import type { UnitName } from './unit-process.ts';

/** What docs/operate.md promises of backups: taken under load, and restored after everything else is lost. */

const COUNTER = `
Seen = {}
Handlers.add("count", { Action = "Count" }, function(msg)
  table.insert(Seen, msg.Tags.Number)
  Send({ Target = msg.Tags.Teller, Action = "Told", Number = msg.Tags.Number })
end)`;
const TELLER = `
Told = {}
Handlers.add("told", { Action = "Told" }, function(msg) table.insert(Told, msg.Tags.Number) end)`;
const sorted = (list: string) =>
  `table.sort(${list}, function(a, b) return tonumber(a) < tonumber(b) end) return table.concat(${list}, ",")`;
const SENDERS = 4;

let machine: OneMachine;
beforeAll(async () => {
  machine = await OneMachine.start();
}, 60_000);
afterAll(() => machine?.[Symbol.asyncDispose]());

/** Clients that post numbered messages, each again until it is taken. */
class Load {
  readonly acknowledged: number[] = [];
  #next = 0;
  #stopped = false;
  #senders: Promise<void>[] = [];

  readonly #send: (number: number) => Promise<unknown>;

  constructor(send: (number: number) => Promise<unknown>) {
    this.#send = send;
  }

  start(): void {
    this.#stopped = false;
    this.#senders = Array.from({ length: SENDERS }, async () => {
      while (!this.#stopped) {
        const number = ++this.#next;
        while (!(await this.#send(number).then(Boolean, () => false)));
        this.acknowledged.push(number);
      }
    });
  }

  async more(count: number): Promise<void> {
    const enough = this.acknowledged.length + count;
    await expect.poll(() => this.acknowledged.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(enough);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#senders);
  }
}

const folder = (name: UnitName) => join(machine.directory, name);
const copy = (name: UnitName) => join(machine.directory, 'backup', name);

async function backUp(name: UnitName): Promise<void> {
  await machine.units[name].end('SIGTERM');
  await cp(folder(name), copy(name), { recursive: true });
  await machine.units[name].start();
}

async function lose(name: UnitName): Promise<void> {
  await machine.units[name].end('SIGKILL');
  await rm(folder(name), { recursive: true });
}

async function recoverScheduler(): Promise<string> {
  const program = fileURLToPath(new URL('../../../servers/su/dist/recover.js', import.meta.url));
  const env = { PATH: process.env.PATH ?? '', ...machine.env('su') };
  return (await promisify(execFile)(process.execPath, [program], { env })).stdout;
}

const seriesOf = async (url: string, name: string) =>
  Number(new RegExp(`^${name} (\\d+)`, 'm').exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
const settled = async () =>
  (await seriesOf(machine.file.su, 'su_uploads_pending')) +
  (await seriesOf(machine.file.mu, 'ao_mu_pending'));

test('copies made under load, restored after all is lost, lack nothing that was acknowledged', async () => {
  const { client, units } = machine;
  const counter = await client.spawn(COUNTER);
  const teller = await client.spawn(TELLER);
  const load = new Load((number) =>
    client.message(counter, { Action: 'Count', Number: String(number), Teller: teller }),
  );
  load.start();
  await load.more(20);
  for (const name of ['su', 'mu', 'gateway'] as const) await backUp(name);
  await load.more(20);

  // A restored scheduler knows what came after its copy, too: from Arweave.
  await load.stop();
  await expect.poll(settled, { timeout: 60_000 }).toBe(0);
  const late = await client.spawn(COUNTER);
  await expect.poll(settled, { timeout: 60_000 }).toBe(0);
  for (const name of ['su', 'mu', 'cu'] as const) await lose(name);
  for (const name of ['su', 'mu'] as const) await cp(copy(name), folder(name), { recursive: true });
  expect(await recoverScheduler()).toMatch(/^[1-9]\d* slots of 3 processes were put back\n$/);
  expect(await recoverScheduler()).toBe('0 slots of 0 processes were put back\n');
  for (const name of ['su', 'cu', 'mu'] as const) await units[name].start();

  load.start();
  await load.more(20);
  await load.stop();
  const numbers = load.acknowledged.toSorted((a, b) => a - b).join(',');
  await expect.poll(() => client.value(teller, sorted('Told')), { timeout: 60_000 }).toBe(numbers);
  expect(await client.value(counter, sorted('Seen'))).toBe(numbers);
  expect(await client.value(late, 'return #Seen')).toBe('0');
}, 120_000);
