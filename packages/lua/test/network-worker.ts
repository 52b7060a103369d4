/** Runs a module on the network's own loader, in a thread: it replaces console.log, Math.random and Date.now for good. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

interface Result {
  Memory: ArrayBuffer;
  [key: string]: unknown;
}

// Node's own types leave it to the DOM library.
declare const WebAssembly: { Memory: { prototype: { grow: unknown } } };

type Handle = (memory: ArrayBuffer | null, message: unknown, environment: unknown) => Promise<Result>;
type Load = (binary: Uint8Array, options: Record<string, unknown>) => Promise<Handle>;

// This loader grows memory by a number of pages that is a fraction, and never a bigint: engines refuse it for 64 bits.
const { prototype } = WebAssembly.Memory;
const grow = prototype.grow as (pages: number | bigint) => number | bigint;
prototype.grow = function (this: object, pages: number) {
  try {
    return grow.call(this, pages);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return Number(grow.call(this, BigInt(Math.trunc(pages))));
  }
};

const require = createRequire(import.meta.url);
const load: Load = require('@permaweb/ao-loader');
const { binary, format, arweave } = workerData as { binary: Uint8Array; format: string; arweave?: string };
const drive = arweave && { WeaveDrive: require('@permaweb/weavedrive'), ARWEAVE: arweave, mode: 'test' };
// A Buffer, because the metering of the loader never ends on another view.
const handle = await load(Buffer.from(binary), { format, UNSAFE_MEMORY: true, ...drive });

let memory = new ArrayBuffer(0);

parentPort?.on('message', async (request: { message: unknown; environment: unknown } | 'memory') => {
  if (request === 'memory') {
    const hash = createHash('sha256').update(new Uint8Array(memory)).digest('hex');
    parentPort?.postMessage({ bytes: memory.byteLength, hash });
    return;
  }
  try {
    // This loader adds GasUsed and an empty list of patches to every result, whatever the module.
    const { Memory, GasUsed, ...response } = await handle(null, request.message, request.environment);
    if ((response.Patches as unknown[]).length === 0) delete response.Patches;
    memory = Memory;
    parentPort?.postMessage({ ok: true, response });
  } catch (thrown) {
    parentPort?.postMessage({ ok: false, response: String(thrown) });
  }
});
