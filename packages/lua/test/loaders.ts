import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { compileModule, instantiate, parseOutput } from '@ao-ts/core/loader';
import { buildModule, moduleBinary, moduleFormats, type Target } from '../src/index.ts';
import { serveArweave } from './arweave.ts';

export interface Evaluation {
  ok: boolean;
  response: unknown;
}

export interface Memory {
  bytes: number;
  hash: string;
}

export interface Evaluator extends AsyncDisposable {
  handle(message: object, environment: object): Promise<Evaluation>;
  /** The memory after the last message that did not fail. */
  memory(): Promise<Memory>;
}

export interface LoadOptions {
  format?: string;
  /** What the process can read of Arweave, by path. Without it the host has no WeaveDrive. */
  files?: Record<string, string>;
}

/** A host that runs modules of one target. */
export interface Loader {
  name: string;
  target: Target;
  load(binary: Uint8Array, options?: LoadOptions): Promise<Evaluator>;
}

/** The formats in which gas is counted. */
export const METERED: Record<Target, string> = {
  32: 'wasm32-unknown-emscripten-metering',
  64: 'wasm64-unknown-emscripten-draft_2024_10_16-metering',
};

const modules = new Map<Target, Promise<Uint8Array>>();

/** The module with the process library and no program of its own, for a target, with up to 1 GiB of memory. */
export function libraryModule(target: Target): Promise<Uint8Array> {
  // That of 32 bits is in the repository.
  const module =
    modules.get(target) ??
    (target === 32 ? moduleBinary() : buildModule([], { target, maximumMemory: 2 ** 30 }));
  modules.set(target, module);
  return module;
}

/** The loader that compute units of the network run, with their WeaveDrive. */
const network = (target: Target): Loader => ({
  name: `@permaweb/ao-loader, ${target} bits`,
  target,
  async load(binary, { format = moduleFormats[target], files } = {}) {
    const arweave = files && (await serveArweave(files));
    const worker = new Worker(new URL('network-worker.ts', import.meta.url), {
      workerData: { binary, format, arweave: arweave?.url },
      // It complains there about memory that can not grow; a test sees that in the result.
      stderr: true,
    });
    const ask = async (request: unknown) => {
      worker.postMessage(request);
      const [answer] = await once(worker, 'message');
      return answer;
    };
    return {
      handle: (message, environment) => ask({ message, environment }) as Promise<Evaluation>,
      memory: () => ask('memory') as Promise<Memory>,
      async [Symbol.asyncDispose]() {
        await worker.terminate();
        await arweave?.[Symbol.asyncDispose]();
      },
    };
  },
});

/** This project's own loader. */
const own = (target: Target): Loader => ({
  name: `@ao-ts/core/loader, ${target} bits`,
  target,
  async load(binary, { format = moduleFormats[target], files } = {}) {
    const open = (path: string) => (files?.[path] === undefined ? undefined : Buffer.from(files[path]));
    const drive = files && { drive: { open } };
    const instance = instantiate(await compileModule(binary, { format }), drive);
    return {
      async handle(message, environment) {
        return parseOutput(instance.handle(JSON.stringify(message), JSON.stringify(environment)));
      },
      async memory() {
        const memory = new Uint8Array(instance.memory.buffer);
        return { bytes: memory.length, hash: createHash('sha256').update(memory).digest('hex') };
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});

export const targets: Target[] = [32, 64];
export const loaders: Loader[] = targets.flatMap((target) => [network(target), own(target)]);
