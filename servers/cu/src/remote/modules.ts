import { AoError, isAoError } from '@ao-ts/core';
import { type CompiledModule, compileModule } from '@ao-ts/core/loader';
import type { GatewayClient } from '@ao-ts/server-kit';
import type { DescriptionStore } from '../domain/description-store.ts';
import { type Module, readModule } from '../domain/module.ts';
import type { ModuleFiles } from '../stores/module-files.ts';
import { patiently } from './patiently.ts';

const MAX_COMPILED = 32;

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
  compile(id: string, format: string): Promise<CompiledModule> {
    const known = this.#compiled.get(id);
    if (known) return known;
    const compiled = this.#compile(id, format);
    this.#compiled.set(id, compiled);
    compiled.catch(() => this.#compiled.delete(id));
    const [oldest] = this.#compiled.keys();
    if (oldest !== undefined && this.#compiled.size > MAX_COMPILED) this.#compiled.delete(oldest);
    return compiled;
  }

  async #compile(id: string, format: string): Promise<CompiledModule> {
    const local = await this.#files.read(id);
    if (local) {
      try {
        return await compileModule(local, { format });
      } catch (error) {
        // The file may have been damaged here; Arweave has the last word.
        if (!isAoError(error, 'LOADER.NOT_WASM')) throw error;
      }
    }
    const binary = await patiently(
      () => this.#gateway.data(id),
      () => missing(id),
    );
    const compiled = await compileModule(binary, { format });
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
