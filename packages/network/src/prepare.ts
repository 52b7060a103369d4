import { join } from 'node:path';
import {
  EnvUrl,
  GatewayClient,
  HttpClient,
  readConfig,
  readOrCreateWallet,
  UploaderClient,
} from '@ao-ts/server-kit';
import { z } from 'zod';
import { writeNetworkFile } from './network-file.ts';
import { seedModule, seedSchedulerLocation } from './seed.ts';

// A command: makes what units that run on their own share. Keys where there are none, the Lua module and the
// scheduler's location on the gateway, and a network.json for clients. It may run any number of times.

const config = readConfig(
  z.object({
    GATEWAY_URL: EnvUrl.describe('Gateway and uploader, as this program reaches them.'),
    SU_WALLET_PATH: z.string(),
    PATH_TO_WALLET: z.string().describe("The messenger's."),
    WALLET_FILE: z.string().describe("The compute unit's."),
    STATE_DIRECTORY: z.string().describe('Where network.json and the wallet to develop with are written.'),
    WALLET_IN_NETWORK_FILE: z.string().describe('Where those who copy both have the wallet.'),
    PUBLIC_GATEWAY_URL: EnvUrl.describe('This one and the following: as clients reach them.'),
    PUBLIC_UPLOADER_URL: EnvUrl,
    PUBLIC_SU_URL: EnvUrl,
    PUBLIC_MU_URL: EnvUrl,
    PUBLIC_CU_URL: EnvUrl,
  }),
  process.env,
);

const [scheduler, messenger] = await Promise.all([
  readOrCreateWallet(config.SU_WALLET_PATH),
  readOrCreateWallet(config.PATH_TO_WALLET),
  readOrCreateWallet(config.WALLET_FILE),
  readOrCreateWallet(join(config.STATE_DIRECTORY, 'wallet.json')),
]);

const http = new HttpClient();
const gateway = new GatewayClient(http, config.GATEWAY_URL);
const uploader = new UploaderClient(http, config.GATEWAY_URL);
const module = await seedModule(gateway, uploader, scheduler.signer);
await seedSchedulerLocation(gateway, uploader, scheduler.signer, config.PUBLIC_SU_URL);
await http.close();

const network = {
  gateway: config.PUBLIC_GATEWAY_URL,
  uploader: config.PUBLIC_UPLOADER_URL,
  su: config.PUBLIC_SU_URL,
  mu: config.PUBLIC_MU_URL,
  cu: config.PUBLIC_CU_URL,
  scheduler: scheduler.signer.address,
  authority: messenger.signer.address,
  module,
  wallet: config.WALLET_IN_NETWORK_FILE,
};
await writeNetworkFile(config.STATE_DIRECTORY, network);
process.stdout.write(`${JSON.stringify(network, null, 2)}\n`);
