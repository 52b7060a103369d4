import { AoError, isAoError } from '@ao-ts/core';
import {
  type CompiledModule,
  compileModule,
  MARKS_VERSION,
  METER_VERSION,
  markWrites,
  meterModule,
} from '@ao-ts/core/loader';
import type { GatewayClient } from '@ao-ts/server-kit';
import type { DescriptionStore } from '../domain/description-store.ts';
import { type Module, type RunOptions, readModule } from '../domain/module.ts';
import type { ModuleFiles } from '../stores/module-files.ts';
import { patiently } from './patiently.ts';

const MAX_COMPILED = 32;
const METERED = '-metering';

/** The modules of Arweave: described, fetched and compiled once each. */
export class Modules {
  readonly #gateway: GatewayClient;
  readonly #descriptions: DescriptionStore;
  readonly #files: ModuleFiles;
  readonly #compiled = new Map<string, Promise<CompiledModule>>();

  constructor(options: { gateway: GatewayClient; descriptions: DescriptionStore; files: ModuleFiles }) {
    this.#gateway = options.gateway;
    this.#descriptions = options.descriptions;
    this.#files = options.files;
  }

  /** @throws AoError `MODULE.NOT_FOUND` */
  async describe(id: string): Promise<Module> {
    const known = await this.#descriptions.module(id);
    if (known) return known;
    const item = await patiently(
      () => this.#gateway.transaction(id),
      () => missing(id),
    );
    if (!item) throw missing(id);
    const module = readModule(item);
    await this.#descriptions.saveModule(module);
    return module;
  }

  /** @throws AoError `MODULE.NOT_FOUND`, `LOADER.*` */
  compile(
    id: string,
    { format, memoryLimit }: Pick<RunOptions, 'format' | 'memoryLimit'>,
  ): Promise<CompiledModule> {
    // The limit is part of the compiled code.
    const key = `${id},${memoryLimit}`;
    const known = this.#compiled.get(key);
    if (known) return known;
    const compiled = this.#compile(id, format, memoryLimit);
    this.#compiled.set(key, compiled);
    compiled.catch(() => this.#compiled.delete(key));
    const [oldest] = this.#compiled.keys();
    if (oldest !== undefined && this.#compiled.size > MAX_COMPILED) this.#compiled.delete(oldest);
    return compiled;
  }

  /** What runs is a rewritten module. Making one takes a while, so it is kept on the disk as well. */
  async #compile(id: string, format: string, memoryLimit: number): Promise<CompiledModule> {
    const compile = (rewritten: Uint8Array) =>
      compileModule(rewritten, { format, memoryLimit, metered: true });
    const metered = format.endsWith(METERED);
    const kept = `${id}.${metered ? `metered-${METER_VERSION}` : 'plain'}-${MARKS_VERSION}`;
    const known = await this.#compileLocal(kept, compile);
    if (known) return known;
    const binary = await this.#binary(id);
    const rewritten = markWrites(metered ? meterModule(binary) : binary);
    const compiled = await compile(rewritten);
    await this.#files.write(kept, rewritten);
    return compiled;
  }

  /** Undefined if there is none, or it was damaged on the disk. */
  async #compileLocal(
    file: string,
    compile: (binary: Uint8Array) => Promise<CompiledModule>,
  ): Promise<CompiledModule | undefined> {
    const local = await this.#files.read(file);
    if (!local) return undefined;
    try {
      return await compile(local);
    } catch (error) {
      if (isAoError(error, 'LOADER.NOT_WASM')) return undefined;
      throw error;
    }
  }

  #binary(id: string): Promise<Uint8Array> {
    return patiently(
      () => this.#gateway.data(id),
      () => missing(id),
    );
  }
}

function missing(id: string): AoError {
  return new AoError('MODULE.NOT_FOUND', `The gateway does not have module ${id}.`, {
    action: 'fix',
    facts: { moduleId: id },
  });
}
