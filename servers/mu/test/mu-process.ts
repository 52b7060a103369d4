import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { generateWallet } from '@ao-ts/server-kit';
import type { FakeNetwork } from './fake-network.ts';
import { environment, MuClient, moment, temporaryDb } from './unit.ts';

const MAIN = new URL('../src/main.ts', import.meta.url).pathname;

/** The unit as a process of its own, with one ledger over all its lives. */
export class MuProcess {
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;

  private constructor(env: Record<string, string>) {
    this.#env = env;
  }

  static async prepare(network: FakeNetwork, dbUrl?: string): Promise<MuProcess> {
    const path = await temporaryDb();
    const PATH_TO_WALLET = `${path}.json`;
    await writeFile(PATH_TO_WALLET, JSON.stringify(await generateWallet()));
    return new MuProcess({ ...environment(network, dbUrl ?? path), PATH_TO_WALLET, LOG_LEVEL: 'info' });
  }

  async start(): Promise<MuClient> {
    const env = { PATH: process.env.PATH ?? '', ...this.#env };
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, url } = JSON.parse(line);
      if (msg !== 'messenger unit ready') continue;
      child.stdout.resume();
      return new MuClient(url, async () => void (await this.kill()));
    }
    throw new Error('The unit ended before it was ready');
  }

  /** Gives the exit code. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    const exit = once(child, 'exit');
    child.kill(signal);
    const [code] = await exit;
    return code;
  }
}

/** Resolves when a condition over what arrived at a fake unit holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await moment();
}
