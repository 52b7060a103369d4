import { AoError, isAoError } from '@ao-ts/core';
import { type CompiledModule, compileModule, METER_VERSION, meterModule } from '@ao-ts/core/loader';
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

  async #compile(id: string, format: string, memoryLimit: number): Promise<CompiledModule> {
    if (!format.endsWith(METERED))
      return this.#compileLocal(id, (binary) => compileModule(binary, { format, memoryLimit }));
    // Putting the meter in takes seconds for a large module: what comes out is kept as well.
    const kept = `${id}.metered-${METER_VERSION}`;
    const metered = await this.#files.read(kept);
    if (metered) {
      try {
        return await compileModule(metered, { format, memoryLimit, metered: true });
      } catch (error) {
        if (!isAoError(error, 'LOADER.NOT_WASM')) throw error;
      }
    }
    return this.#compileLocal(id, async (binary) => {
      const output = meterModule(binary);
      const compiled = await compileModule(output, { format, memoryLimit, metered: true });
      await this.#files.write(kept, output);
      return compiled;
    });
  }

  /** Compiles the binary on the disk; what Arweave has, if there is none or it was damaged here. */
  async #compileLocal(
    id: string,
    compile: (binary: Uint8Array) => Promise<CompiledModule>,
  ): Promise<CompiledModule> {
    const local = await this.#files.read(id);
    if (local) {
      try {
        return await compile(local);
      } catch (error) {
        if (!isAoError(error, 'LOADER.NOT_WASM')) throw error;
      }
    }
    const binary = await patiently(
      () => this.#gateway.data(id),
      () => missing(id),
    );
    const compiled = await compile(binary);
    await this.#files.write(id, binary);
    return compiled;
  }
}

function missing(id: string): AoError {
  return new AoError('MODULE.NOT_FOUND', `The gateway does not have module ${id}.`, {
    action: 'fix',
    facts: { moduleId: id },
  });
}
