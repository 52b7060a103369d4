import type { Module } from './module.ts';
import type { Process } from './process.ts';

/** Keeps what never changes about processes and modules, so that it is asked for once. */
export interface DescriptionStore {
  process(id: string): Promise<Process | undefined>;
  saveProcess(process: Process): Promise<void>;
  module(id: string): Promise<Module | undefined>;
  saveModule(module: Module): Promise<void>;
}
