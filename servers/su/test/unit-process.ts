import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSigner } from '@ao-ts/server-kit';
import { type Rig, until } from './support.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** A new key in a file, for a unit to sign with; it signs fast. */
export async function keyFile(directory: string): Promise<{ path: string; address: string }> {
  const path = join(directory, 'key.json');
  await writeFile(path, JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })));
  return { path, address: (await readSigner(path)).address };
}

/** The unit as a program of its own, on a fixed port, until it is killed. */
export class UnitProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(env: Record<string, string>) {
    this.#child = spawn(process.execPath, [main], {
      env: { PATH: process.env.PATH ?? '', LOG_LEVEL: 'error', ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    this.#exited = once(this.#child, 'exit');
  }

  /** Waits until the unit at `rig` answers; fails if it ends instead. */
  async ready(rig: Rig): Promise<void> {
    const up = async () => {
      if (!this.running) throw new Error(`The unit ended with ${this.#child.exitCode}.`);
      return (await rig.get('/timestamp').catch(() => undefined))?.status === 200;
    };
    await until(up, 'it is up', 60_000);
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends the program and gives its exit code, or the signal that ended it. */
  async kill(signal: NodeJS.Signals): Promise<unknown> {
    this.#child.kill(signal);
    await this.#exited;
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) await this.kill('SIGKILL');
  }
}
