import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AoError } from '@ao-ts/core';
import { ed25519Signer, type Signer } from '@ao-ts/core/ans104';
import { Client } from './client.ts';
import { type Hold, Holds, type Sent } from './holds.ts';
import type { NetworkFile } from './network-file.ts';
import type { NetworkOptions } from './network-options.ts';
import type { Started, Stops } from './start-units.ts';
import { SteppedClock } from './stepped-clock.ts';

/** Tests do not wait ten seconds for what a cron sends. */
const MONITOR_INTERVAL_MS = '100';

/**
 * A whole ao network in this process, on real ports: gateway, scheduler, compute and messenger unit, with a wallet,
 * the Lua module and the scheduler's location in place. The units talk HTTP to each other as they would anywhere.
 */
export class Network implements AsyncDisposable {
  /** The same that `.ao/network.json` says. */
  readonly file: NetworkFile;
  /** Folder that holds the state, with `network.json` in it. */
  readonly directory: string;
  /** Signs as the developer. */
  readonly signer: Signer;
  /** The network as the developer's wallet uses it. */
  readonly client: Client;
  readonly #started: Started;
  readonly #clock: SteppedClock;
  readonly #holds: Holds;
  readonly #stops: Stops;

  private constructor(started: Started, clock: SteppedClock, holds: Holds, stops: Stops) {
    this.directory = started.directory;
    this.file = started.file;
    this.signer = started.signer;
    this.client = new Client(started.file, started.signer);
    this.#started = started;
    this.#clock = clock;
    this.#holds = holds;
    this.#stops = stops;
  }

  /**
   * Starts the units one after another and resolves when all of them are ready.
   * @throws AoError `CONFIG.PORT_TAKEN` and what else keeps a unit from starting
   */
  static async start(options: NetworkOptions = {}): Promise<Network> {
    const stops: Stops = [];
    const clock = new SteppedClock();
    const holds = new Holds();
    try {
      // Only who starts a network needs its units: clients and commands load without them.
      const { startUnits } = await import('./start-units.ts');
      const controls = { clock: clock.now, keepBack: holds.reason };
      const started = await startUnits(options, controls, stops);
      // Meanwhile the compute unit's threads, which have been started, get ready on another processor.
      await Client.preload();
      return new Network(started, clock, holds, stops);
    } catch (error) {
      await runStops(stops);
      throw error;
    }
  }

  /**
   * An ephemeral network for a test file, stopped when its tests are over: pass `afterAll` of vitest or `after` of
   * node:test. Its keys are Ed25519 unless the options say otherwise.
   */
  static async forTests(
    after: (stop: () => Promise<void>) => unknown,
    options: NetworkOptions = {},
  ): Promise<Network> {
    const env = { ...options.env, mu: { MONITOR_INTERVAL_MS, ...options.env?.mu } };
    const network = await Network.start({ logLevel: 'error', keys: 'ed25519', ...options, env });
    after(() => network.stop());
    return network;
  }

  /** The network as somebody else uses it, with a new wallet. */
  newClient(): Client {
    return new Client(this.file, ed25519Signer(generateKeyPairSync('ed25519').privateKey));
  }

  /**
   * Resolves when every message has been delivered and evaluated, and nothing is on its way any more.
   * @throws AoError `NETWORK.UNSETTLED` after `timeoutMs`
   */
  async settle(timeoutMs = 30_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const pending = await this.#started.pending();
      if (pending === 0) return;
      if (Date.now() > deadline) {
        throw new AoError(
          'NETWORK.UNSETTLED',
          `${pending} messages are still on their way after ${timeoutMs} ms.`,
          {
            action: 'retry',
            facts: { pending },
          },
        );
      }
      await delay(5);
    }
  }

  /**
   * Moves the time of the whole network on: messages are scheduled later by so much, deadlines pass, and crons that became
   * due are evaluated before the next message of their process.
   */
  advance(ms: number): void {
    this.#clock.advance(ms);
  }

  /**
   * Holds back what processes send from now on: all of it, or what the filter is true for. Each held message can be
   * released, in any order; one that never is, was lost. {@link settle} does not wait for what is held.
   */
  hold(filter: (sent: Sent) => boolean = () => true): Hold {
    return this.#holds.begin(filter, async (key) => {
      await this.#started.release(key);
      await this.settle();
    });
  }

  /** Stops the units, last started first. An ephemeral network leaves nothing behind. */
  async stop(): Promise<void> {
    await runStops(this.#stops);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

async function runStops(stops: Stops): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
}
