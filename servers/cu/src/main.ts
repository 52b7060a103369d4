import { awaitDatabase, runUnit } from '@ao-ts/server-kit';
import { configFrom } from './config.ts';
import { create } from './server.ts';

await runUnit(async () => {
  const config = configFrom(process.env);
  await awaitDatabase('cu', config);
  return create(config);
});
