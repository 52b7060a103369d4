import { EnvUrl, GatewayClient, HttpClient, readConfig } from '@ao-ts/server-kit';
import { z } from 'zod';
import { recheckUploads } from './domain/recheck.ts';
import { openStores } from './stores/open.ts';

// A command: asks the gateway for everything that was scheduled and orders again what it does not have. The unit may
// run meanwhile; it does the uploads.

const config = readConfig(
  z.object({
    DB_URL: z.string(),
    GATEWAY_URL: EnvUrl,
    GRAPHQL_URL: EnvUrl.optional(),
    SINCE_MS: z.coerce.number().int().min(0).default(0).describe('Unix ms; older slots are left alone.'),
  }),
  process.env,
);
const http = new HttpClient();
const gateway = new GatewayClient(http, config.GATEWAY_URL, config.GRAPHQL_URL);
const { store, outbox } = await openStores(config.DB_URL, { shared: true });
const { checked, missing } = await recheckUploads({
  outbox,
  onArweave: async (id) => (await gateway.transaction(id)) !== undefined,
  since: config.SINCE_MS,
});
await store.close();
await http.close();
process.stdout.write(`${checked} slots looked at, ${missing} uploads ordered again\n`);
