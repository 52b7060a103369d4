import { availableParallelism } from 'node:os';
import { MODULE_FORMATS } from '@ao-ts/core/loader';
import {
  BaseConfig,
  EnvBoolean,
  EnvGraphqlUrl,
  EnvList,
  EnvPort,
  EnvUrl,
  OutboundConfig,
  readConfig,
} from '@ao-ts/server-kit';
import { z } from 'zod';
import { EXTENSION } from './domain/weave-drive.ts';

/** A whole number; digits may be grouped with `_`. */
const Whole = z
  .string()
  .regex(/^\d[\d_]*$/, 'must be a whole number')
  .transform((text) => Number(text.replaceAll('_', '')))
  .meta({ kind: 'whole number' });

/** The variables of the Compute Unit. */
export const ConfigSchema = z
  .object({
    ...BaseConfig,
    ...OutboundConfig,
    PORT: EnvPort.default(4004),
    WALLET_FILE: z
      .string()
      .optional()
      .describe('File with the wallet of this unit, in JWK form. Needed, unless WALLET is given.'),
    WALLET: z.string().optional().describe('The wallet itself (JWK as JSON), instead of a file.'),
    DB_URL: z
      .string()
      .default('./data/cu.sqlite')
      .describe(
        'SQLite file, or PostgreSQL database (postgres://…) that several units may share, for the results.',
      ),
    DATA_DIR: z.string().default('./data/cu').describe('Folder of modules and snapshots.'),
    SU_URL: EnvUrl.optional().describe('Scheduler or router that is asked first for any process.'),
    GATEWAY_URL: EnvUrl.describe('Arweave gateway.'),
    ARWEAVE_URL: EnvUrl.optional().describe('Where data is asked for; GATEWAY_URL unless set.'),
    GRAPHQL_URL: EnvGraphqlUrl.optional().describe('GraphQL endpoint; /graphql of GATEWAY_URL unless set.'),
    UPLOADER_URL: EnvUrl.optional().describe('Bundler for checkpoints; GATEWAY_URL unless set.'),

    UNIT_MODE: z.enum(['cu', 'ru']).default('cu').describe('ru: only dry-runs are answered.'),
    RESTRICT_PROCESSES: EnvList.default([]).describe('Processes that are not served.'),
    ALLOW_PROCESSES: EnvList.default([]).describe('If set, only these processes are served.'),
    ALLOW_OWNERS: EnvList.default([]).describe('If set, only processes of these owners are served.'),

    PROCESS_WASM_SUPPORTED_FORMATS: EnvList.default([...MODULE_FORMATS]).describe(
      'Values of Module-Format that are run here.',
    ),
    PROCESS_WASM_SUPPORTED_EXTENSIONS: EnvList.default([EXTENSION]).describe('Extensions a module may need.'),
    WEAVEDRIVE_MAX_SIZE: Whole.default(512 * 2 ** 20).describe('Largest file a process may open, in bytes.'),
    PROCESS_WASM_MEMORY_MAX_LIMIT: Whole.default(2 ** 30).describe(
      'Largest Memory-Limit of a process, in bytes.',
    ),
    PROCESS_WASM_COMPUTE_MAX_LIMIT: Whole.default(9e12).describe(
      'Largest Compute-Limit of a process, in gas.',
    ),
    PROCESS_MEMORY_CACHE_MAX_SIZE: Whole.default(2 * 2 ** 30).describe(
      'Memory for processes that are kept ready, in bytes; those used least recently make room.',
    ),
    WASM_EVALUATION_MAX_WORKERS: Whole.default(availableParallelism()).meta({
      description: 'Threads that evaluate schedules.',
      shownDefault: 'as many as there are cores',
    }),
    WASM_EVALUATION_DRY_RUN_WORKERS: Whole.default(1).describe('Threads that evaluate dry-runs.'),
    WASM_EVALUATION_WORKERS_DRY_RUN_MAX_QUEUE: Whole.default(3000).describe(
      'Dry-runs that may wait; further ones are answered 429.',
    ),
    EVALUATION_TIMEOUT: Whole.default(60_000).describe(
      'A message that is evaluated for longer than this, in ms, is stopped; the request fails.',
    ),
    SNAPSHOT_INTERVAL: Whole.default(5000).describe(
      'Time between two snapshots of a process on the disk, in ms: what a crash costs at most.',
    ),
    BUSY_THRESHOLD: Whole.default(0).describe(
      'An evaluation that takes longer, in ms, is answered 202 and goes on; 0: the answer waits for it.',
    ),
    HYDRATION_MODE_NONCE_LIMIT: Whole.default(5000).describe(
      'A request that is further ahead of a running evaluation is answered 503; 0: it waits.',
    ),
    DRY_RUN_TIMEOUT: Whole.default(10_000).describe('EVALUATION_TIMEOUT for dry-runs.'),
    DISABLE_PROCESS_CHECKPOINT_CREATION: EnvBoolean.default(true).describe(
      'false: memories of busy processes are put on Arweave now and then.',
    ),
    PROCESS_CHECKPOINT_CREATION_THROTTLE: Whole.default(30 * 60_000).describe(
      'Least time between two checkpoints of a process, in ms.',
    ),
    EAGER_CHECKPOINT_ACCUMULATED_GAS_THRESHOLD: Whole.default(300_000_000_000_000).describe(
      'A checkpoint is due after this much gas.',
    ),
    EAGER_CHECKPOINT_EVAL_TIME_THRESHOLD: Whole.default(15 * 60_000).describe(
      'A checkpoint is due after evaluating this long, in ms.',
    ),
    PROCESS_CHECKPOINT_TRUSTED_OWNERS: EnvList.default([]).describe(
      'Addresses whose checkpoints are believed; those of the own wallet unless set.',
    ),
    PROCESS_CHECKPOINT_PREFERRED_OWNERS: EnvList.default([]).describe(
      'If these have made any, others are not used.',
    ),
    IGNORE_ARWEAVE_CHECKPOINTS: EnvList.default([]).describe('Ids of checkpoints that are not used.'),
    PROCESS_IGNORE_ARWEAVE_CHECKPOINTS: EnvList.default([]).describe('Processes for which none are used.'),
    LOAD_MESSAGES_PAGE_SIZE: Whole.default(1000).describe('Messages that are asked for at a time.'),
    WASM_EVALUATION_DRY_RUN_MAX_COPIES: Whole.default(32).describe(
      'Processes that are kept ready for dry-runs.',
    ),
    RATE_LIMIT_WINDOW: Whole.default(60_000).describe('In which RATE_LIMIT_MAX_REQUESTS counts, in ms.'),
    RATE_LIMIT_MAX_REQUESTS: Whole.default(0).describe(
      'Dry-runs of one client per window, without those answered again; 0: any number.',
    ),
    DRY_RUN_DEFAULT_MAX_PROCESS_AGE: Whole.default(100).describe(
      'How old the state of a dry-run may be, in ms, if the request does not say it.',
    ),
    DRY_RUN_RESULT_MAX_AGE: Whole.default(60_000).describe(
      'How long equal dry-runs on the same state share a result, in ms.',
    ),
  })
  .refine((config) => config.WALLET_FILE !== undefined || config.WALLET !== undefined, {
    path: ['WALLET_FILE'],
    error: 'name the file of a wallet, or give one in WALLET',
  });

/** What the Compute Unit is told by its environment. */
export type Config = Readonly<z.output<typeof ConfigSchema>>;

/** @throws AoError `CONFIG.INVALID` naming each bad variable */
export function configFrom(env: Record<string, string | undefined>): Config {
  return readConfig(ConfigSchema, env);
}
