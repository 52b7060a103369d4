import type { AoError } from '@ao-ts/core';
import { answers, createApp, listen, statusOf, type Unit } from '@ao-ts/server-kit';
import { HyperbeamScheduler } from './clients/hyperbeam-scheduler.ts';
import type { Config } from './config.ts';
import { createContext, type Overrides, uploaderUrl } from './context.ts';
import { Admission } from './domain/admission.ts';
import { Audit } from './domain/audit.ts';
import { Courier } from './domain/courier.ts';
import { Gate } from './domain/gate.ts';
import { Messenger } from './domain/messenger.ts';
import { Monitors } from './domain/monitors.ts';
import { Outboxes } from './domain/outboxes.ts';
import { Pusher } from './domain/pusher.ts';
import { Retention } from './domain/retention.ts';
import { onHyperbeam, type SchedulerFor } from './domain/scheduler.ts';
import { countAttempts, watchLedger } from './metrics.ts';
import { auditRoute } from './routes/audit.ts';
import { acceptItems } from './routes/body.ts';
import { deadRoutes } from './routes/dead.ts';
import { identityRoute } from './routes/identity.ts';
import { messagesRoute } from './routes/messages.ts';
import { monitorRoutes } from './routes/monitor.ts';
import { outboxRoute } from './routes/outbox.ts';
import { pushRoute } from './routes/push.ts';
import { statusRoute } from './routes/status.ts';
import { submitRoute } from './routes/submit.ts';

const WRITES_PER_HOST = 64;
const REMEMBERED_PROCESSES = 10_000;
/** How long deliveries under way may take to finish when the unit stops. */
const GRACE_MS = 5000;

/** Makes a Messenger Unit. What its ledger says is not finished goes on at `start`. */
export async function create(config: Config, overrides: Overrides = {}): Promise<Unit> {
  const context = await createContext(config, overrides);
  const { ledger, directory, compute, logger, clock, keepBack } = context;
  const { app, metrics, readiness } = await createApp({
    unit: 'mu',
    logger,
    statusOf: statusForClients,
    config,
    http: context.http,
  });

  const processes = await ledger.processes(REMEMBERED_PROCESSES);
  for (const { id, known } of processes.reverse()) directory.remember(id, known);
  const schedulerFor: SchedulerFor = (url, tags) =>
    onHyperbeam(tags) ? new HyperbeamScheduler(context.http, url) : directory.schedulerAt(url);
  const courier = new Courier({
    directory,
    schedulerFor,
    uploader: context.uploader,
    uploaderUrl: uploaderUrl(config),
    perHost: new Gate(WRITES_PER_HOST),
    remembersFrom: () => clock() - config.RETENTION_MS,
  });
  const outboxes = new Outboxes({
    compute,
    directory,
    ledger,
    maxDepth: config.MAX_DEPTH,
    rootBudget: config.ROOT_BUDGET,
    keepBack,
  });
  const messenger = new Messenger({
    ...context,
    courier,
    outboxes,
    backoff: {
      firstDelayMs: config.RETRY_FIRST_DELAY_MS,
      maxDelayMs: config.RETRY_MAX_DELAY_MS,
      maxAgeMs: config.RETRY_MAX_AGE_MS,
    },
    log: logger,
    onAttempt: countAttempts(metrics),
  });
  const monitors = new Monitors({
    ledger,
    compute,
    directory,
    dispatch: (children) => messenger.dispatch(children),
    keepBack,
    intervalMs: config.MONITOR_INTERVAL_MS,
    maxFailingMs: config.RETRY_MAX_AGE_MS,
    clock,
    log: logger,
  });

  const retention = new Retention({
    ledger,
    retentionMs: config.RETENTION_MS,
    clock,
    onFailure: (error) => logger.error({ err: error }, 'the ledger can not be pruned'),
  });
  const admission = new Admission(
    {
      perWallet: config.RATE_LIMIT_WALLET,
      perIp: config.RATE_LIMIT_IP,
      perProcess: config.RATE_LIMIT_PROCESS,
      allowedProcesses: config.PROCESS_ALLOW,
      deniedProcesses: config.PROCESS_DENY,
      deniedWallets: config.WALLET_DENY,
      deniedFromProcess: config.FROM_PROCESS_BLACKLIST,
    },
    clock,
  );

  acceptItems(app);
  identityRoute(app, { ledger });
  submitRoute(app, { messenger, directory, admission });
  monitorRoutes(app, { monitors, ledger, directory, admission });
  messagesRoute(app, { ledger });
  outboxRoute(app, { ledger });
  statusRoute(app, { ledger });
  pushRoute(app, {
    pusher: new Pusher({ ledger, outboxes, directory, schedulerFor, messenger }),
    enabled: config.ENABLE_PUSH,
  });
  auditRoute(app, { audit: new Audit({ ledger, outboxes, directory, schedulerFor }) });
  deadRoutes(app, { messenger, ledger });
  readiness.needs('ledger', () => ledger.processes(1));
  if (config.SU_URL) readiness.needs('scheduler', answers(context.http, 'scheduler unit', config.SU_URL));
  readiness.uses('compute', answers(context.http, 'compute unit', config.CU_URL));
  readiness.uses('gateway', answers(context.http, 'gateway', config.GATEWAY_URL));
  watchLedger(metrics, { ledger, messenger, monitors, dbUrl: config.DB_URL });

  let url: string | undefined;
  return {
    get url() {
      if (url === undefined) throw new Error('The messenger unit is not started.');
      return url;
    },
    async start() {
      url = await listen(app, 'messenger unit', { host: config.HOST, port: config.PORT });
      await ledger.follow((work) => {
        messenger.adopt(work.nodes);
        monitors.adopt(work.monitors);
      });
      retention.start();
      logger.info({ url, address: context.signer.address }, 'messenger unit ready');
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await atMost(GRACE_MS, messenger.stop());
      // Ends the requests that still wait for an answer; the ledger knows where to go on.
      const stopped = Promise.all([monitors.stop(), retention.stop()]);
      await context.http.close();
      await Promise.all([stopped, messenger.stop(), messenger.stopped()]);
      await ledger.close();
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
