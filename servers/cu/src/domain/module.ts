import { AoError } from '@ao-ts/core';
import { type Tag, tagValue, tagValues } from '@ao-ts/core/ans104';
import type { GatewayTransaction } from '@ao-ts/core/schemas';
import { addressOf } from './owner.ts';
import type { Process } from './process.ts';

/** What a module item on Arweave says of itself. */
export interface Module {
  id: string;
  /** Address. */
  owner: string;
  tags: readonly Tag[];
}

/** What this unit is willing to run. */
export interface ModuleSupport {
  formats: readonly string[];
  extensions: readonly string[];
  /** Bytes. */
  maxMemory: number;
  /** Gas per message. */
  maxCompute: number;
}

/** How a process is to be run. */
export interface RunOptions {
  format: string;
  /** Bytes. */
  memoryLimit: number;
  /** Gas per message. */
  computeLimit: number;
}

export function readModule({ id, owner, tags }: GatewayTransaction): Module {
  return { id, owner: addressOf(owner), tags };
}

/**
 * Checks that this unit can run the module for the process. Limits of the process win over those of its module.
 * @throws AoError `MODULE.TAGS` (encodings, format, extensions), `EVAL.LIMIT`
 */
export function runOptions(process: Process, module: Module, support: ModuleSupport): RunOptions {
  const supported = (yes: boolean, what: string) => {
    if (!yes)
      throw new AoError('MODULE.TAGS', `${what} for module "${module.id}" is not supported`, {
        action: 'never',
      });
  };
  supported(tagValue(module.tags, 'Input-Encoding') !== undefined, 'Input-Encoding');
  supported(tagValue(module.tags, 'Output-Encoding') !== undefined, 'Output-Encoding');
  const format = tagValue(module.tags, 'Module-Format')?.trim() ?? '';
  supported(support.formats.includes(format), 'Module-Format');

  const limit = (name: string, read: (text: string) => number | undefined, max: number) => {
    const text = tagValue(process.tags, name) ?? tagValue(module.tags, name);
    const value = text === undefined ? undefined : read(text);
    if (value !== undefined && value <= max) return value;
    throw new AoError('EVAL.LIMIT', `${name} for process "${process.id}" exceeds supported limit`, {
      action: 'never',
      facts: { [name]: text, max },
    });
  };
  const memoryLimit = limit('Memory-Limit', parseMemoryLimit, support.maxMemory);
  const computeLimit = limit('Compute-Limit', parseComputeLimit, support.maxCompute);

  if (!tagValues(module.tags, 'Extension').every((name) => support.extensions.includes(name))) {
    throw new AoError('MODULE.TAGS', `Module Extensions for module "${module.id}" are not supported`, {
      action: 'never',
    });
  }
  return { format, memoryLimit, computeLimit };
}

const UNITS: Record<string, number> = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30, tb: 2 ** 40 };

/** `512-mb` → bytes; units step by 1024. Undefined if it is not understood. */
export function parseMemoryLimit(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*-?\s*([a-z]*)$/i.exec(text.trim());
  const unit = UNITS[match?.[2]?.toLowerCase() || 'b'];
  return match && unit ? Math.floor(Number(match[1]) * unit) : undefined;
}

function parseComputeLimit(text: string): number | undefined {
  const value = Number(text.trim());
  return text.trim() !== '' && Number.isInteger(value) && value >= 0 ? value : undefined;
}
