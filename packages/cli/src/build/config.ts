import { readFile } from 'node:fs/promises';
import { AoError, errorMessage } from '@ao-ts/core';
import { LARGEST_MEMORY, type Target } from '@ao-ts/lua';
import { parse } from 'yaml';
import { z } from 'zod';
import { PAGE_BYTES } from './memory.ts';

const MEGABYTE = 1024 * 1024;

/** Megabytes of memory a module may grow to. */
const PRESETS = { xs: 128, sm: 256, md: 512, lg: 1024, xl: 8192, xxl: 16_384 } as const;

// The keys that say how C is compiled have no meaning here, and do no harm.
const Config = z.strictObject({
  preset: z.enum(['xs', 'sm', 'md', 'lg', 'xl', 'xxl']).default('md'),
  maximum_memory: z.number().int().positive().multipleOf(PAGE_BYTES).optional(),
  stack_size: z.number().optional(),
  initial_memory: z.number().optional(),
  extra_compile_args: z.array(z.string()).optional(),
  keep_js: z.boolean().optional(),
  target: z.union([z.literal(32), z.literal(64), z.literal('32'), z.literal('64')]).optional(),
});

/** What `config.yml` says about a module. */
export interface BuildConfig {
  /** Bytes a module may grow to: a multiple of a page. */
  maximumMemory: number;
  target: Target;
}

/**
 * Reads `config.yml`; without one the preset is `md`. Without a target a module has 32 bits, or 64 if it needs them for its
 * memory.
 * @throws AoError `BUILD.CONFIG`
 */
export async function readConfig(path: string): Promise<BuildConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    text = '';
  }
  let config: z.infer<typeof Config>;
  try {
    config = Config.parse(parse(text) ?? {});
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : errorMessage(cause);
    throw invalid(`${path} can not be used: ${problem}`, cause);
  }
  const maximumMemory = config.maximum_memory ?? PRESETS[config.preset] * MEGABYTE;
  const least: Target = maximumMemory > LARGEST_MEMORY[32] ? 64 : 32;
  const target = config.target === undefined ? least : (Number(config.target) as Target);
  if (maximumMemory > LARGEST_MEMORY[target]) {
    const what = config.maximum_memory ? `maximum_memory: ${maximumMemory}` : `preset: ${config.preset}`;
    const advice =
      target === 32 ? 'the largest is preset: lg; more needs target: 64.' : 'the largest is preset: xxl.';
    throw invalid(`${path}: ${what} is more than a module of ${target} bits can have; ${advice}`);
  }
  return { maximumMemory, target };
}

function invalid(message: string, cause?: unknown): AoError {
  return new AoError('BUILD.CONFIG', message, { action: 'fix', cause });
}
