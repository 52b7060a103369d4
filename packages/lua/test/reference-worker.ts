/** Runs a module on the network's own loader, in a thread: it replaces console.log, Math.random and Date.now for good. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

interface Result {
  Memory: ArrayBuffer;
  [key: string]: unknown;
}

type Handle = (memory: ArrayBuffer | null, message: unknown, environment: unknown) => Promise<Result>;
type Load = (binary: Uint8Array, options: { format: string; UNSAFE_MEMORY: boolean }) => Promise<Handle>;

const load: Load = createRequire(import.meta.url)('@permaweb/ao-loader');
const { binary, format } = workerData as { binary: Uint8Array; format: string };
const handle = await load(binary, { format, UNSAFE_MEMORY: true });

let memory = new ArrayBuffer(0);

parentPort?.on('message', async (request: { message: unknown; environment: unknown } | 'memory') => {
  if (request === 'memory') {
    const hash = createHash('sha256').update(new Uint8Array(memory)).digest('hex');
    parentPort?.postMessage({ bytes: memory.byteLength, hash });
    return;
  }
  try {
    // The last two are what this loader adds to every result, whatever the module.
    const { Memory, Patches, GasUsed, ...response } = await handle(
      null,
      request.message,
      request.environment,
    );
    memory = Memory;
    parentPort?.postMessage({ ok: true, response });
  } catch (thrown) {
    parentPort?.postMessage({ ok: false, response: String(thrown) });
  }
});
