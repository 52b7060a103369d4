import { EnvUrl, HttpClient, readConfig, readSigner, UploaderClient } from '@ao-ts/server-kit';
import { z } from 'zod';
import { schedulerLocation } from './scheduler-location.ts';

// A command: publishes where this scheduler is to be found. Run it once, and again when the URL changes.

const DAY_MS = 24 * 60 * 60 * 1000;

const config = readConfig(
  z.object({
    SU_WALLET_PATH: z.string(),
    UPLOAD_NODE_URL: EnvUrl,
    SCHEDULER_URL: EnvUrl.describe('Where clients reach the scheduler or its router.'),
    TIME_TO_LIVE_MS: z.coerce.number().int().min(1).default(DAY_MS),
  }),
  process.env,
);
const signer = await readSigner(config.SU_WALLET_PATH);
const record = await schedulerLocation(signer, config.SCHEDULER_URL, config.TIME_TO_LIVE_MS);
const http = new HttpClient();
await new UploaderClient(http, config.UPLOAD_NODE_URL).upload(record.raw);
await http.close();
process.stdout.write(`${record.id} says that ${signer.address} is at ${config.SCHEDULER_URL}\n`);
