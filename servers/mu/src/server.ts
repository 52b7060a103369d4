import type { AoError } from '@ao-ts/core';
import { createApp, listen, statusOf, type Unit } from '@ao-ts/server-kit';
import type { Config } from './config.ts';
import { createContext, type Overrides, uploaderUrl } from './context.ts';
import { Courier } from './domain/courier.ts';
import { Gate } from './domain/gate.ts';
import { Messenger } from './domain/messenger.ts';
import { Monitors } from './domain/monitors.ts';
import { acceptItems } from './routes/body.ts';
import { identityRoute } from './routes/identity.ts';
import { messagesRoute } from './routes/messages.ts';
import { monitorRoutes } from './routes/monitor.ts';
import { outboxRoute } from './routes/outbox.ts';
import { statusRoute } from './routes/status.ts';
import { submitRoute } from './routes/submit.ts';

const WRITES_PER_HOST = 64;
const REMEMBERED_PROCESSES = 10_000;
/** How long deliveries under way may take to finish when the unit stops. */
const GRACE_MS = 5000;

/** Makes a Messenger Unit. What its ledger says is not finished goes on at `start`. */
export async function create(config: Config, overrides: Overrides = {}): Promise<Unit> {
  const context = await createContext(config, overrides);
  const { ledger, directory, compute, logger } = context;
  const { app, metrics } = await createApp({ logger, statusOf: statusForClients });

  for (const { id, known } of ledger.processes(REMEMBERED_PROCESSES).reverse()) directory.remember(id, known);
  const courier = new Courier({
    directory,
    uploader: context.uploader,
    uploaderUrl: uploaderUrl(config),
    perHost: new Gate(WRITES_PER_HOST),
  });
  const messenger = new Messenger({
    ...context,
    courier,
    backoff: {
      firstDelayMs: config.RETRY_FIRST_DELAY_MS,
      maxDelayMs: config.RETRY_MAX_DELAY_MS,
      maxAgeMs: config.RETRY_MAX_AGE_MS,
    },
    log: logger,
  });
  const monitors = new Monitors({
    ledger,
    compute,
    directory,
    dispatch: (children) => messenger.dispatch(children),
    intervalMs: config.MONITOR_INTERVAL_MS,
    log: logger,
  });

  acceptItems(app);
  identityRoute(app);
  submitRoute(app, { messenger, directory });
  monitorRoutes(app, { monitors, directory });
  messagesRoute(app, { ledger });
  outboxRoute(app, { ledger });
  statusRoute(app, { ledger });
  metrics.gauge(
    'ao_mu_pending',
    'Items to deliver, or with a result to come.',
    () => ledger.counts().pending,
  );
  metrics.gauge('ao_mu_dead', 'Items that can not go on.', () => ledger.counts().dead);
  metrics.gauge(
    'ao_mu_lanes',
    'Pairs of sender and target with something to deliver.',
    () => messenger.lanes,
  );
  metrics.gauge('ao_mu_monitors', 'Monitored processes.', () => monitors.size);

  let url: string | undefined;
  return {
    get url() {
      if (url === undefined) throw new Error('The messenger unit is not started.');
      return url;
    },
    async start() {
      url = await listen(app, 'messenger unit', { host: config.HOST, port: config.PORT });
      messenger.resume();
      monitors.resume();
      logger.info({ url, address: context.signer.address }, 'messenger unit ready');
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await atMost(GRACE_MS, messenger.stop());
      // Ends the requests that still wait for an answer; the ledger knows where to go on.
      const stopped = monitors.stop();
      await context.http.close();
      await Promise.all([stopped, messenger.stop(), messenger.stopped()]);
      ledger.close();
    },
  };
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** What a scheduler refused is refused in its words and with its status. */
function statusForClients(error: AoError): number {
  return error.code === 'SCHEDULER.REFUSED' ? Number(error.facts.status) : statusOf(error);
}
