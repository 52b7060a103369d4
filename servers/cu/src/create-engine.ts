import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from './config.ts';
import type { Context } from './context.ts';
import { admit } from './domain/access.ts';
import { CronSchedule } from './domain/cron-schedule.ts';
import { readCrons } from './domain/cron-tags.ts';
import { DryRuns } from './domain/dry-runs.ts';
import { Engine } from './domain/engine.ts';
import { Evaluator, type EvaluatorPorts } from './domain/evaluator.ts';
import type { MemoryState } from './domain/live-memory.ts';
import { environmentText } from './domain/message.ts';
import type { Process } from './domain/process.ts';
import { ScheduleFeed } from './domain/schedule-feed.ts';
import { SnapshotKeeper } from './domain/snapshot-keeper.ts';
import type { StoredSnapshot } from './domain/snapshot-store.ts';
import { hasDrive, readDrive } from './domain/weave-drive.ts';
import type { EvaluationSpans } from './evaluation-spans.ts';
import type { Measures } from './metrics.ts';
import { assignedTransaction, itemText } from './remote/arweave-items.ts';
import { BlockTimes } from './remote/block-times.ts';
import { Checkpoints } from './remote/checkpoints.ts';
import { GatewayWeave } from './remote/gateway-weave.ts';
import { Modules } from './remote/modules.ts';
import { ProcessCatalog } from './remote/process-catalog.ts';
import { SchedulerUnits } from './remote/scheduler-units.ts';
import type { Residence, SnapshotListener } from './worker/evaluation-thread.ts';
import { ThreadPool } from './worker/thread-pool.ts';

/** Left to evaluations under way when the unit stops; longer ones are cut off and repeated after the next start. */
const STOP_MS = 10_000;

export interface RunningEngine {
  engine: Engine;
  /** @throws AoError `ACCESS.DENIED` */
  admitted(processId: string): Promise<void>;
  /** Has the first thread ready before it is needed. */
  start(): void;
  close(): Promise<void>;
}

/** Wires the engine to the other units, the stores and the worker threads. */
export function createEngine(
  config: Config,
  context: Context,
  { measures, spans }: { measures: Measures; spans: EvaluationSpans },
): RunningEngine {
  const { clock, events, gateway, logger, snapshots } = context;
  const results = measures.counted(context.results);
  const schedules = new SchedulerUnits(context.directory);
  const modules = new Modules({ gateway, descriptions: context.descriptions, files: context.moduleFiles });
  const catalog = new ProcessCatalog({
    descriptions: context.descriptions,
    schedulers: schedules,
    modules,
    support: {
      formats: config.PROCESS_WASM_SUPPORTED_FORMATS,
      extensions: config.PROCESS_WASM_SUPPORTED_EXTENSIONS,
      maxMemory: config.PROCESS_WASM_MEMORY_MAX_LIMIT,
      maxCompute: config.PROCESS_WASM_COMPUTE_MAX_LIMIT,
    },
  });
  const blocks = new BlockTimes(gateway);
  const checkpoints = createCheckpoints(config, context);
  const weave = new GatewayWeave({
    gateway,
    http: context.http,
    url: config.ARWEAVE_URL ?? config.GATEWAY_URL,
    maxBytes: config.WEAVEDRIVE_MAX_SIZE,
  });
  const threads = new ThreadPool({
    size: config.WASM_EVALUATION_MAX_WORKERS,
    timeoutMs: config.EVALUATION_TIMEOUT,
  });
  const dryRunThreads = new ThreadPool({
    size: config.WASM_EVALUATION_DRY_RUN_WORKERS,
    timeoutMs: config.DRY_RUN_TIMEOUT,
  });

  const openIn = async (
    pool: ThreadPool,
    processId: string,
    { snapshot, journal }: MemoryState,
    step: number,
    onSnapshot?: SnapshotListener,
  ): Promise<Residence> => {
    const { process, module, options, compiled } = await catalog.runnable(processId);
    const { memoryLimit, computeLimit } = options;
    const environment = environmentText(process, module);
    const drive = hasDrive(module, options);
    return pool.pick().open(
      {
        moduleId: module.id,
        compiled,
        memoryLimit,
        computeLimit,
        drive,
        environment,
        snapshot,
        journal,
        step,
      },
      {
        ...(onSnapshot ? { onSnapshot } : {}),
        fetchFile: (path, blockHeight) => readDrive(weave, { process, module }, path, blockHeight),
      },
    );
  };

  const newestSnapshot = async (processId: string): Promise<StoredSnapshot | undefined> => {
    const newest = await results.newestNonce(processId);
    return newest === undefined ? undefined : snapshots.newest(processId, newest);
  };

  const newestCheckpoint = async (process: Process, crons: CronSchedule) => {
    const checkpoint = await checkpoints.newest(process);
    if (!checkpoint || !crons.any) return checkpoint;
    const { snapshot, point } = checkpoint;
    const before = point.nonce > 0 ? await schedules.at(process.id, point.nonce - 1) : process.origin;
    return { snapshot, point: { ...point, crons: crons.resume(before, point) } };
  };

  const prepare = async (processId: string): Promise<Evaluator> => {
    // Thread, module and memory take their time to get ready: all at once.
    threads.pick();
    const [runnable, snapshot] = await Promise.allSettled([
      catalog.runnable(processId),
      newestSnapshot(processId),
    ]);
    if (runnable.status === 'rejected' || snapshot.status === 'rejected') {
      snapshots.release(processId);
      throw [runnable, snapshot].find((one) => one.status === 'rejected')?.reason;
    }
    const { process } = runnable.value;
    const crons = new CronSchedule(readCrons(process.tags), process.origin, (height) => blocks.time(height));
    const ports: EvaluatorPorts = {
      feed: new ScheduleFeed(
        processId,
        (range) => schedules.page(processId, range),
        config.LOAD_MESSAGES_PAGE_SIZE,
      ),
      crons,
      results,
      clock,
      hydrationLimit: config.HYDRATION_MODE_NONCE_LIMIT,
      open: (state, step, onSnapshot) => openIn(threads, processId, state, step, onSnapshot),
      snapshots: new SnapshotKeeper({
        save: async (stored) => {
          await snapshots.save(processId, stored);
          await checkpoints.consider(process, stored);
        },
        intervalMs: config.SNAPSHOT_INTERVAL,
        onFailure: (err) => logger.warn({ err, processId }, 'a snapshot could not be saved'),
      }),
      transaction: (id, exclude) => assignedTransaction(gateway, id, exclude),
      spawnData: () => itemText(gateway, processId),
      onEvaluated: (evaluated) => {
        checkpoints.evaluated(processId, evaluated.gasUsed, evaluated.timeMs);
        spans.evaluated({ ...evaluated, processId });
      },
      onStored: () => events.notify(processId),
      onMismatch: ({ nonce }) =>
        logger.error({ processId, nonce }, 'a repeated evaluation gave another result than the one stored'),
    };
    return new Evaluator(process, ports, snapshot.value ?? (await newestCheckpoint(process, crons)));
  };

  const dryRuns = new DryRuns({
    open: (processId, state) => openIn(dryRunThreads, processId, state, state.version),
    maxQueue: config.WASM_EVALUATION_WORKERS_DRY_RUN_MAX_QUEUE,
    maxCopies: config.WASM_EVALUATION_DRY_RUN_MAX_COPIES,
    resultAgeMs: config.DRY_RUN_RESULT_MAX_AGE,
    clock,
    onEvaluated: measures.dryRun,
  });
  const engine = new Engine({
    results,
    schedules,
    dryRuns,
    prepare,
    waiting: (processId, nonce, wait) => spans.waiting(processId, nonce, wait),
    onCooled: (processId) => {
      dryRuns.forget(processId);
      snapshots.release(processId);
    },
    maxBytes: config.PROCESS_MEMORY_CACHE_MAX_SIZE,
    clock,
  });
  const lists = {
    restrictProcesses: config.RESTRICT_PROCESSES,
    allowProcesses: config.ALLOW_PROCESSES,
    allowOwners: config.ALLOW_OWNERS,
  };
  measures.observe({ engine, threads: { primary: threads, 'dry-run': dryRunThreads } });
  return {
    engine,
    admitted: (processId) => admit(lists, processId, async (id) => (await catalog.process(id)).owner),
    start() {
      threads.pick();
    },
    async close() {
      const closed = engine.close();
      const timer = new AbortController();
      await Promise.race([closed, delay(STOP_MS, undefined, { signal: timer.signal }).catch(() => {})]);
      timer.abort();
      await Promise.all([threads[Symbol.asyncDispose](), dryRunThreads[Symbol.asyncDispose]()]);
      await closed;
    },
  };
}

function createCheckpoints(
  config: Config,
  { gateway, clock, signer, uploader, logger }: Context,
): Checkpoints {
  return new Checkpoints({
    ...{ gateway, clock, signer, uploader },
    create: !config.DISABLE_PROCESS_CHECKPOINT_CREATION,
    gasThreshold: config.EAGER_CHECKPOINT_ACCUMULATED_GAS_THRESHOLD,
    timeThresholdMs: config.EAGER_CHECKPOINT_EVAL_TIME_THRESHOLD,
    throttleMs: config.PROCESS_CHECKPOINT_CREATION_THROTTLE,
    trustedOwners: config.PROCESS_CHECKPOINT_TRUSTED_OWNERS,
    preferredOwners: config.PROCESS_CHECKPOINT_PREFERRED_OWNERS,
    ignored: config.IGNORE_ARWEAVE_CHECKPOINTS,
    ignoredProcesses: config.PROCESS_IGNORE_ARWEAVE_CHECKPOINTS,
    maxMemory: config.PROCESS_WASM_MEMORY_MAX_LIMIT,
    onFailure: (err, processId) => logger.warn({ err, processId }, 'a checkpoint could not be made or used'),
  });
}
