import { availableParallelism } from 'node:os';
import { awaitDatabase, runUnit } from '@ao-ts/server-kit';
import { configFrom } from './config.ts';
import { create } from './server.ts';

// Signatures are made and checked in this pool: with the default of four threads, more cores would stand idle.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism()));

await runUnit(async () => {
  const config = configFrom(process.env);
  await awaitDatabase('mu', config);
  return create(config);
});
