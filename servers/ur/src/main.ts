import { runUnit } from '@ao-ts/server-kit';
import { configFrom } from './config.ts';
import { create } from './server.ts';

await runUnit(() => create(configFrom(process.env)));
