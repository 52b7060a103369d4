import type { CompiledModule } from '@ao-ts/core/loader';
import type { DescriptionStore } from '../domain/description-store.ts';
import { type Module, type ModuleSupport, type RunOptions, runOptions } from '../domain/module.ts';
import { type Process, readProcess } from '../domain/process.ts';
import type { Modules } from './modules.ts';
import type { SchedulerUnits } from './scheduler-units.ts';

/** All that is needed to run a process. */
export interface Runnable {
  process: Process;
  module: Module;
  options: RunOptions;
  compiled: CompiledModule;
}

/** What this unit knows of processes; what it does not know yet, it finds out once. */
export class ProcessCatalog {
  readonly #descriptions: DescriptionStore;
  readonly #schedulers: SchedulerUnits;
  readonly #modules: Modules;
  readonly #support: ModuleSupport;

  constructor(options: {
    descriptions: DescriptionStore;
    schedulers: SchedulerUnits;
    modules: Modules;
    support: ModuleSupport;
  }) {
    this.#descriptions = options.descriptions;
    this.#schedulers = options.schedulers;
    this.#modules = options.modules;
    this.#support = options.support;
  }

  /** @throws AoError `PROCESS.NOT_FOUND`, `PROCESS.TAGS` */
  async process(processId: string): Promise<Process> {
    const known = await this.#descriptions.process(processId);
    if (known) return known;
    const process = readProcess(processId, await this.#schedulers.process(processId));
    await this.#descriptions.saveProcess(process);
    return process;
  }

  /** @throws AoError as {@link ProcessCatalog.process}, and `MODULE.*`, `EVAL.LIMIT`, `LOADER.*` */
  async runnable(processId: string): Promise<Runnable> {
    const process = await this.process(processId);
    const module = await this.#modules.describe(process.moduleId);
    const options = runOptions(process, module, this.#support);
    return { process, module, options, compiled: await this.#modules.compile(module.id, options) };
  }
}
