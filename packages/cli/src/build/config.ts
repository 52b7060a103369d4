import { readFile } from 'node:fs/promises';
import { AoError, errorMessage } from '@ao-ts/core';
import { parse } from 'yaml';
import { z } from 'zod';
import { PAGE_BYTES } from './memory.ts';

const MEGABYTE = 1024 * 1024;
/** As much as the runtime can use. */
const LARGEST = 1024 * MEGABYTE;

/** Megabytes of memory a module may grow to. Those beyond 1024 need a 64-bit runtime. */
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
}

/**
 * Reads `config.yml`; without one the preset is `md`.
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
  if (maximumMemory > LARGEST) {
    const what = config.maximum_memory ? `maximum_memory: ${maximumMemory}` : `preset: ${config.preset}`;
    throw invalid(
      `${path}: ${what} is more than a module of 32 bits can have here; the largest is preset: lg.`,
    );
  }
  return { maximumMemory };
}

function invalid(message: string, cause?: unknown): AoError {
  return new AoError('BUILD.CONFIG', message, { action: 'fix', cause });
}
