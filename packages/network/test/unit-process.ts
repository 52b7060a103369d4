import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type UnitName = 'gateway' | 'su' | 'cu' | 'mu';

/** A unit as a program of its own, which can be killed like one. */
export class UnitProcess {
  readonly #main: string;
  readonly #env: Record<string, string>;
  readonly #url: string;
  #child: ChildProcess | undefined;

  constructor(name: UnitName | 'ur', url: string, env: Record<string, string>) {
    this.#main = fileURLToPath(new URL(`../../../servers/${name}/dist/main.js`, import.meta.url));
    this.#env = { PATH: process.env.PATH ?? '', LOG_LEVEL: 'error', ...env };
    this.#url = url;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the program and waits until it answers. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [this.#main], {
      env: this.#env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    this.#child = child;
    while (child.exitCode === null) {
      const ready = await fetch(`${this.#url}/health`).then(
        (response) => response.ok,
        () => false,
      );
      if (ready) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${this.#main} ended with ${child.exitCode}`);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill(signal);
    return ended;
  }
}
