import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { compileModule, instantiate, parseOutput } from '@ao-ts/core/loader';
import { moduleTags } from '../src/index.ts';
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

export interface Loader {
  name: string;
  load(binary: Uint8Array, options?: LoadOptions): Promise<Evaluator>;
}

export const FORMAT = moduleTags.find((tag) => tag.name === 'Module-Format')?.value ?? '';

/** The loader that compute units of the network run, with their WeaveDrive. */
const network: Loader = {
  name: '@permaweb/ao-loader',
  async load(binary, { format = FORMAT, files } = {}) {
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
};

/** This project's own loader. */
const own: Loader = {
  name: '@ao-ts/core/loader',
  async load(binary, { format = FORMAT, files } = {}) {
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
};

export const loaders: Loader[] = [network, own];
