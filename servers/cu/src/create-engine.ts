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
import { type Module, type RunOptions, runOptions } from './domain/module.ts';
import { type Process, readProcess } from './domain/process.ts';
import { ScheduleFeed } from './domain/schedule-feed.ts';
import { SnapshotKeeper } from './domain/snapshot-keeper.ts';
import { assignedTransaction, itemText } from './remote/arweave-items.ts';
import { BlockTimes } from './remote/block-times.ts';
import { Modules } from './remote/modules.ts';
import { SchedulerUnits } from './remote/scheduler-units.ts';
import type { ResidentSpec } from './worker/resident.ts';
import { ThreadPool } from './worker/thread-pool.ts';

/** Wires the engine to the other units, the stores and the worker threads. */
export function createEngine(
  config: Config,
  context: Context,
): { engine: Engine; admitted(processId: string): Promise<void>; close(): Promise<void> } {
  const { clock, descriptions, directory, events, gateway, logger, results, snapshots } = context;
  const schedules = new SchedulerUnits(directory);
  const modules = new Modules({ gateway, descriptions, files: context.moduleFiles });
  const blocks = new BlockTimes(gateway);
  const timeoutMs = config.EVALUATION_TIMEOUT;
  const threads = new ThreadPool({ size: config.WASM_EVALUATION_MAX_WORKERS, timeoutMs });
  const dryRunThreads = new ThreadPool({
    size: config.WASM_EVALUATION_DRY_RUN_WORKERS,
    timeoutMs: config.DRY_RUN_TIMEOUT,
  });
  const support = {
    formats: config.PROCESS_WASM_SUPPORTED_FORMATS,
    extensions: config.PROCESS_WASM_SUPPORTED_EXTENSIONS,
    maxMemory: config.PROCESS_WASM_MEMORY_MAX_LIMIT,
    maxCompute: config.PROCESS_WASM_COMPUTE_MAX_LIMIT,
  };

  const findProcess = async (processId: string): Promise<Process> => {
    const known = await descriptions.process(processId);
    if (known) return known;
    const process = readProcess(processId, await schedules.process(processId));
    await descriptions.saveProcess(process);
    return process;
  };

  const describe = async (
    processId: string,
  ): Promise<{ process: Process; module: Module; options: RunOptions }> => {
    const process = await findProcess(processId);
    const module = await modules.describe(process.moduleId);
    return { process, module, options: runOptions(process, module, support) };
  };

  const specOf = async (processId: string, state: MemoryState, step: number): Promise<ResidentSpec> => {
    const { process, module, options } = await describe(processId);
    return {
      compiled: await modules.compile(module.id, options),
      memoryLimit: options.memoryLimit,
      computeLimit: options.computeLimit,
      environment: environmentText(process, module),
      snapshot: state.snapshot,
      journal: state.journal,
      step,
    };
  };

  const prepare = async (processId: string): Promise<Evaluator> => {
    const { process, module, options } = await describe(processId);
    await modules.compile(module.id, options);
    const newest = await results.newestNonce(processId);
    const start = newest === undefined ? undefined : await snapshots.newest(processId, newest);
    const ports: EvaluatorPorts = {
      feed: new ScheduleFeed(
        processId,
        (range) => schedules.page(processId, range),
        config.LOAD_MESSAGES_PAGE_SIZE,
      ),
      crons: new CronSchedule(readCrons(process.tags), process.origin, (height) => blocks.time(height)),
      results,
      clock,
      hydrationLimit: config.HYDRATION_MODE_NONCE_LIMIT,
      open: async (state, step, onSnapshot) =>
        threads.pick().open(await specOf(processId, state, step), onSnapshot),
      snapshots: new SnapshotKeeper({
        save: (stored) => snapshots.save(processId, stored),
        intervalMs: config.SNAPSHOT_INTERVAL,
        onFailure: (err) => logger.warn({ err, processId }, 'a snapshot could not be saved'),
      }),
      transaction: (id, exclude) => assignedTransaction(gateway, id, exclude),
      spawnData: () => itemText(gateway, processId),
      onStored: () => events.notify(processId),
      onMismatch: ({ nonce }) =>
        logger.error({ processId, nonce }, 'a repeated evaluation gave another result than the one stored'),
    };
    return new Evaluator(process, ports, start);
  };

  const dryRuns = new DryRuns({
    open: async (processId, state) =>
      dryRunThreads.pick().open(await specOf(processId, state, state.version)),
    maxQueue: config.WASM_EVALUATION_WORKERS_DRY_RUN_MAX_QUEUE,
    maxCopies: config.WASM_EVALUATION_DRY_RUN_MAX_COPIES,
    resultAgeMs: config.DRY_RUN_RESULT_MAX_AGE,
    clock,
  });
  const engine = new Engine({
    results,
    schedules,
    dryRuns,
    prepare,
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
  return {
    engine,
    admitted: (processId) => admit(lists, processId, async (id) => (await findProcess(id)).owner),
    async close() {
      await engine.close();
      await threads[Symbol.asyncDispose]();
      await dryRunThreads[Symbol.asyncDispose]();
    },
  };
}
