import { answers, createApp, listen, perMinute, type Unit } from '@ao-ts/server-kit';
import { anyHas, arweaveOf } from './arweave.ts';
import type { Config } from './config.ts';
import { createContext, type Overrides } from './context.ts';
import { makeSlots } from './domain/make-slots.ts';
import type { MessageSizeLimit } from './domain/message-size.ts';
import { RefreshedValues } from './domain/refreshed.ts';
import { Scheduler } from './domain/scheduler.ts';
import { headOf } from './domain/slot.ts';
import { Uploads } from './domain/uploads.ts';
import { measureRequests } from './metrics.ts';
import { addressList, processAccess } from './remote-lists.ts';
import { allowOnlyListed } from './routes/address-list.ts';
import { limitBodies } from './routes/body-budget.ts';
import { identityRoute } from './routes/identity.ts';
import { latestRoute } from './routes/latest.ts';
import { processRoute } from './routes/process.ts';
import { scheduleRoute } from './routes/schedule.ts';
import { slotOrPageRoute } from './routes/slot-or-page.ts';
import { timestampRoute } from './routes/timestamp.ts';
import { SigningThreads } from './signing/signing-threads.ts';
import { statusOf } from './status.ts';

/**
 * Makes a Scheduler Unit. It starts with the gateway or the uploader away: reading works, writing works once a block
 * height was ever seen, uploads wait.
 */
export async function create(config: Config, overrides: Overrides = {}): Promise<Unit> {
  const context = await createContext(config, overrides);
  const { store, outbox, http, gateway, uploader, clock, logger, signer } = context;
  const { app, metrics, readiness } = await createApp({ unit: 'su', logger, statusOf, config, http });
  measureRequests(app, metrics);

  const fresh = new RefreshedValues((reason, what) => {
    logger.warn({ reason }, `${what} can not be refreshed`);
  });
  const newest = await store.newest();
  const height = fresh.keep<number>({
    what: 'The block height',
    ask: async (seen = 0) => Math.max(await gateway.height(), seen),
    initial: newest && headOf(newest).blockHeight,
    refreshMs: config.HEIGHT_REFRESH_MS,
  });
  const uploads = new Uploads({
    outbox,
    upload: (item) => uploader.upload(item),
    busy: () => scheduler.waiting > 0,
    clock,
    firstDelayMs: context.uploadDelay.firstMs,
    maxDelayMs: context.uploadDelay.maxMs,
    onFailure: (reason) => logger.warn({ reason }, 'an upload failed and will be tried again'),
  });
  const threads = signer.slowKey && new SigningThreads(signer.slowKey);
  const scheduler = new Scheduler({
    store,
    // A single slot has nothing to wait for between two signatures, and several threads at work cost more.
    makeSlots: (order, tell) =>
      threads && order.drafts.length > 1 ? threads.make(order, tell) : makeSlots(order, signer, tell),
    height,
    clock,
    maxQueue: config.MAX_QUEUE,
    onStored: () => uploads.wake(),
  });

  const access = processAccess(config, { http, fresh });
  const addresses = addressList(config, { http, fresh });
  if (addresses) allowOnlyListed(app, addresses);
  limitBodies(app, config.MAX_BYTES_IN_FLIGHT);

  identityRoute(app, { address: signer.address, clock });
  timestampRoute(app, { height, clock });
  scheduleRoute(app, {
    scheduler,
    store,
    arweave: arweaveOf(gateway),
    schedulers: [signer.address, ...config.SCHEDULER_ADDRESSES],
    // What was scheduled here is on its way to Arweave.
    onArweave: async (id) => (await store.hasItem(id)) || anyHas(http, onBootGateways(config), id),
    access,
    sizeLimit: sizeLimitOf(config),
    quota: perMinute(config.MAX_ITEMS_PER_OWNER_PER_MINUTE, clock),
  });
  processRoute(app, { store, access });
  latestRoute(app, { store, access });
  slotOrPageRoute(app, { store, access, maxPageBytes: config.MAX_PAGE_BYTES });

  readiness.needs('store', () => store.newest());
  readiness.needs('block height', height);
  readiness.uses('gateway', answers(http, 'gateway', config.GATEWAY_URL));
  readiness.uses('uploader', answers(http, 'uploader', config.UPLOAD_NODE_URL));
  metrics.gauge('su_uploads_pending', 'Slots that are not on Arweave yet.', () => outbox.depth());
  metrics.gauge('su_slots_waiting', 'Items that wait for their slot.', () => scheduler.waiting);

  let url: string | undefined;
  return {
    get url() {
      if (url === undefined) throw new Error('The scheduler unit is not started.');
      return url;
    },
    async start() {
      url = await listen(app, 'scheduler unit', { host: config.HOST, port: config.PORT });
      fresh.start();
      uploads.start();
      logger.info({ url, address: signer.address }, 'scheduler unit ready');
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      fresh.stop();
      const stopped = uploads.stop();
      // Cuts uploads short that wait for an answer; they are in the outbox.
      await http.close();
      await stopped;
      await threads?.close();
      await store.close();
    },
  };
}

function onBootGateways({ ARWEAVE_URL_LIST, ARWEAVE_URL, GATEWAY_URL }: Config): readonly string[] {
  return ARWEAVE_URL_LIST ?? [ARWEAVE_URL ?? GATEWAY_URL];
}

function sizeLimitOf(config: Config): MessageSizeLimit | undefined {
  const { MAX_MESSAGE_SIZE_BYTES: maxBytes } = config;
  if (maxBytes === undefined) return undefined;
  return {
    maxBytes,
    owners: config.MAX_SIZE_OWNER_WHITELIST,
    fromOwners: config.MAX_SIZE_FROM_OWNER_WHITELIST,
    from: config.MAX_SIZE_FROM_WHITELIST,
  };
}
