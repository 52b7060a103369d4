import { createRequire } from 'node:module';
import { moduleBinary } from '@ao-ts/lua';
import { environment, evaluation, HEAP_BYTES, spawnMessage } from './lua-messages.ts';
import { percentile } from './report.ts';

// Clocks are taken before the loader replaces them; it has no types.
const { now } = performance;
const clock = now.bind(performance);
const print = process.stdout.write.bind(process.stdout);
type Handle = (memory: Buffer | null, message: object, env: object) => Promise<{ Memory: ArrayBuffer }>;
const AoLoader = createRequire(import.meta.url)('@permaweb/ao-loader') as (
  binary: Uint8Array,
  options: object,
) => Promise<Handle>;

const handle = await AoLoader(await moduleBinary(), { format: process.argv[2], computeLimit: 9e15 });
const first = await handle(null, spawnMessage, environment);
let memory = Buffer.alloc(HEAP_BYTES);
memory.set(Buffer.from(first.Memory));
const samples: number[] = [];
for (let i = 0; i < 12; i++) {
  const started = clock();
  const result = await handle(memory, evaluation('Count = (Count or 0) + 1 return Count'), environment);
  memory = Buffer.from(result.Memory);
  samples.push(clock() - started);
}
print(String(percentile(samples.slice(2), 0.5)));
