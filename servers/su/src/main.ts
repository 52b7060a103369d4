import { availableParallelism } from 'node:os';
import { awaitDatabase, readConfig, runUnit } from '@ao-ts/server-kit';
import { configFrom, ModeSchema } from './config.ts';
import { routerConfigFrom } from './router/config.ts';
import { createRouter } from './router/server.ts';
import { create } from './server.ts';

// Signatures are made in this pool: with the default of four threads, more cores would stand idle.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism()));

const { env } = process;
await runUnit(async () => {
  const { MODE } = readConfig(ModeSchema, env);
  if (MODE === 'router') return createRouter(routerConfigFrom(env));
  const config = configFrom(env);
  await awaitDatabase('su', config);
  return create(config);
});
