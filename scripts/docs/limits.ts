import { readFileSync } from 'node:fs';
import { DEFAULT_LIMITS } from '@ao-ts/core/ans104';
import { MAX_BODY_BYTES } from '@ao-ts/server-kit';
import { z } from 'zod';
import { ConfigSchema as Compute } from '../../servers/cu/src/config.ts';
import { ConfigSchema as Gateway } from '../../servers/gateway/src/config.ts';
import { ConfigSchema as Messenger } from '../../servers/mu/src/config.ts';
import { ConfigSchema as Scheduler } from '../../servers/su/src/config.ts';
import { ConfigSchema as UnitRouter } from '../../servers/ur/src/config.ts';

/** A limit: what it is on, how much by default, what happens beyond, and the variable that changes it, if any. */
type Limit = [what: string, value: string, beyond: string, variable?: string];

/** The page about limits. Every figure on it is read from the code that enforces it. */
export function limitsPage(): string {
  const { maxTags, maxTagNameBytes, maxTagValueBytes, maxTagBytes } = DEFAULT_LIMITS;
  const sections: [string, Limit[]][] = [
    [
      'At every unit',
      [
        ['Body of a request', bytes(MAX_BODY_BYTES), '413'],
        ['Requests under way', ...of(Scheduler, 'MAX_CONCURRENT_REQUESTS', '503 with `Retry-After`')],
        [
          'Requests of one address',
          ...of(Scheduler, 'MAX_REQUESTS_PER_IP_PER_MINUTE', '429 with `Retry-After`'),
        ],
        [
          'Time to send a request',
          ...of(Scheduler, 'SLOW_CLIENT_TIMEOUT_MS', '408, and the connection is closed', ms),
        ],
        [
          'Time without reading on',
          ...of(Scheduler, 'SLOW_CLIENT_TIMEOUT_MS', 'the connection is closed', ms),
        ],
        ['Redirects followed', '3', 'the redirect counts as the answer'],
        ['Places redirects lead to', 'public addresses', '`HTTP.PRIVATE`', 'ALLOW_PRIVATE_ADDRESSES'],
      ],
    ],
    [
      'Signed items',
      [
        ['Tags', String(maxTags), '400 `ANS104.LIMIT`'],
        ['Name of a tag', bytes(maxTagNameBytes), '400 `ANS104.LIMIT`'],
        ['Value of a tag', bytes(maxTagValueBytes), '400 `ANS104.LIMIT`'],
        ['All tags together', bytes(maxTagBytes), '400 `ANS104.LIMIT`'],
      ],
    ],
    [
      'Scheduler Unit',
      [
        ['Size of a message', ...of(Scheduler, 'MAX_MESSAGE_SIZE_BYTES', '400', bytes)],
        ['Items of one owner a minute', ...of(Scheduler, 'MAX_ITEMS_PER_OWNER_PER_MINUTE', '429')],
        ['Items of one process that wait', ...of(Scheduler, 'MAX_QUEUE', '503')],
        ['Unanswered writes together', ...of(Scheduler, 'MAX_BYTES_IN_FLIGHT', '503', bytes)],
        ['A page of a schedule', ...of(Scheduler, 'MAX_PAGE_BYTES', 'the page ends there', bytes)],
      ],
    ],
    [
      'Messenger Unit',
      [
        ['Requests of one wallet a minute', ...of(Messenger, 'RATE_LIMIT_WALLET', '429')],
        ['Requests of one address a minute', ...of(Messenger, 'RATE_LIMIT_IP', '429')],
        ['Requests for one process a minute', ...of(Messenger, 'RATE_LIMIT_PROCESS', '429')],
        ['Hops from what a client sent', ...of(Messenger, 'MAX_DEPTH', 'kept back, among the dead')],
        ['Entries one message may cause', ...of(Messenger, 'ROOT_BUDGET', 'kept back, among the dead')],
        [
          'Time of another unit to answer',
          ...of(Messenger, 'ANSWER_TIMEOUT_MS', '504 `HTTP.TIMEOUT`, or it is tried again', ms),
        ],
        ['Age of what still fails', ...of(Messenger, 'RETRY_MAX_AGE_MS', 'given up, among the dead', ms)],
        [
          'Deliveries to one host at a time',
          constant('servers/mu/src/server.ts', 'WRITES_PER_HOST'),
          'the others wait',
        ],
      ],
    ],
    [
      'Compute Unit',
      [
        ['Memory of a process', ...of(Compute, 'PROCESS_WASM_MEMORY_MAX_LIMIT', '413', bytes)],
        [
          "Gas of a message, where the module's format counts it",
          'the `Compute-Limit` tag of its process',
          'a result with the error `out of gas!`',
          'Compute-Limit',
        ],
        ['Gas a `Compute-Limit` may allow', ...of(Compute, 'PROCESS_WASM_COMPUTE_MAX_LIMIT', '413')],
        ['Time of a message', ...of(Compute, 'EVALUATION_TIMEOUT', '503; nothing is stored', ms)],
        [
          'Memory of all processes kept ready',
          ...of(Compute, 'PROCESS_MEMORY_CACHE_MAX_SIZE', 'those used least recently make room', bytes),
        ],
        ['Messages a running evaluation may be behind', ...of(Compute, 'HYDRATION_MODE_NONCE_LIMIT', '503')],
        ['Dry-runs that wait', ...of(Compute, 'WASM_EVALUATION_WORKERS_DRY_RUN_MAX_QUEUE', '429')],
        ['Dry-runs of one client', ...of(Compute, 'RATE_LIMIT_MAX_REQUESTS', '429')],
        ['Time of a dry-run', ...of(Compute, 'DRY_RUN_TIMEOUT', '503', ms)],
        [
          'Results on a page',
          constant('servers/cu/src/routes/results-page.ts', 'MAX_PAGE'),
          'the page ends there',
        ],
        [
          'File a process reads from Arweave',
          ...of(Compute, 'WEAVEDRIVE_MAX_SIZE', 'the process halts', bytes),
        ],
      ],
    ],
    [
      'Unit router',
      [
        ['Body of a request', ...of(UnitRouter, 'MAX_BODY_BYTES', '413', bytes)],
        ['Time until a unit answers', ...of(UnitRouter, 'ANSWER_TIMEOUT_MS', '504', ms)],
        [
          'Time until a unit is connected',
          ...of(UnitRouter, 'CONNECT_TIMEOUT_MS', 'the next one is tried', ms),
        ],
      ],
    ],
    [
      'Local gateway',
      [
        ['Upload', ...of(Gateway, 'MAX_UPLOAD_BYTES', '413', bytes)],
        [
          'Transaction as JSON',
          constant('servers/gateway/src/routes/upload.ts', 'MAX_JSON_BYTES', bytes),
          '413',
        ],
        ['Query', constant('servers/gateway/src/routes/graphql.ts', 'MAX_QUERY_BYTES', bytes), '413'],
        ['Fields of a query', constant('servers/gateway/src/graphql/limits.ts', 'MAX_FIELDS'), '400'],
        [
          'Edges of a page',
          constant('servers/gateway/src/graphql/paging.ts', 'MAX_FIRST'),
          'the page ends there',
        ],
        ['Items of a bundle', constant('servers/gateway/src/domain/unbundle.ts', 'MAX_ITEMS'), '400'],
      ],
    ],
  ];
  const text = sections.map(([title, limits]) => `## ${title}\n\n${table(limits)}`).join('\n\n');
  return `# Limits\n\nMade by \`npm run docs\` from the code that enforces them. What happens beyond is an error with a code of [errors](errors.md), unless it says something else.\n\n${text}\n`;
}

function table(limits: Limit[]): string {
  const rows = limits.map(([what, value, beyond, variable]) =>
    [what, value, beyond, variable ? `\`${variable}\`` : 'fixed'].join(' | '),
  );
  return [
    '| | by default | beyond | changed by |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

/** The limit a variable sets. */
function of(
  schema: z.ZodObject,
  variable: string,
  beyond: string,
  show: (value: number) => string = number,
): [string, string, string] {
  const field = schema.shape[variable] as z.ZodType | undefined;
  if (!field) throw new Error(`There is no variable ${variable}`);
  const { value } = z.object({ value: field }).safeParse({}).data ?? {};
  const limited = typeof value === 'number' && value !== 0 && value < Number.MAX_SAFE_INTEGER;
  return [limited ? show(value) : 'none', beyond, variable];
}

/** The limit a constant of the sources sets. */
function constant(file: string, name: string, show: (value: number) => string = number): string {
  const [, expression] = new RegExp(`const ${name} = ([\\d_* ]+);`).exec(readFileSync(file, 'utf8')) ?? [];
  if (!expression) throw new Error(`${file} has no constant ${name}`);
  return show(
    expression.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '').trim()), 1),
  );
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function bytes(value: number): string {
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (value >= size && value % size === 0) return `${number(value / size)} ${unit}`;
  }
  return `${number(value)} bytes`;
}

function ms(value: number): string {
  if (value >= 86_400_000 && value % 86_400_000 === 0) return `${number(value / 86_400_000)} days`;
  if (value % 1000 === 0) return `${number(value / 1000)} s`;
  return `${number(value)} ms`;
}
