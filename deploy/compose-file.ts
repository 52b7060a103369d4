import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const Names = z.array(z.string());
const Variables = z.record(z.string(), z.string());

/** A health check as we write them: a program and its arguments, without a shell. */
const HealthCheck = z.strictObject({
  test: z.tuple([z.literal('CMD'), z.string()], z.string()),
  interval: z.string(),
  timeout: z.string().optional(),
  start_period: z.string().optional(),
  retries: z.number(),
});

const Condition = z.enum(['service_started', 'service_healthy', 'service_completed_successfully']);

const Service = z.strictObject({
  profiles: Names.min(1),
  image: z.string(),
  build: z.strictObject({ context: z.literal('.'), target: z.string() }).optional(),
  user: z.string().optional(),
  entrypoint: Names.optional(),
  command: Names.optional(),
  environment: Variables.default({}),
  ports: z.array(z.string().regex(/^\$\{AO_BIND:-127\.0\.0\.1\}:\$\{[A-Z]+_PORT:-\d+\}:\d+$/)).default([]),
  volumes: Names.default([]),
  networks: Names.default(['default']),
  depends_on: z.record(z.string(), z.strictObject({ condition: Condition })).default({}),
  healthcheck: HealthCheck.optional(),
  restart: z.literal('unless-stopped').optional(),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: Names.optional(),
  cap_drop: Names.optional(),
  security_opt: Names.optional(),
  pids_limit: z.number().optional(),
  mem_limit: z.string(),
  shm_size: z.string().optional(),
  stop_grace_period: z.string().optional(),
  logging: z.strictObject({ driver: z.string(), options: Variables }).optional(),
});
export type Service = z.infer<typeof Service>;

const ComposeFile = z
  .looseObject({
    name: z.string(),
    services: z.record(z.string(), Service),
    networks: z.record(z.string(), z.strictObject({ internal: z.boolean() }).nullable()),
    volumes: z.record(z.string(), z.null()),
  })
  .refine((file) => Object.keys(file).every((key) => key in KEYS || key.startsWith('x-')), 'unknown key');
const KEYS = { name: true, services: true, networks: true, volumes: true };

/** `docker-compose.yml` with its anchors resolved and its variables left as they are written. */
export function readComposeFile(): z.infer<typeof ComposeFile> {
  return ComposeFile.parse(parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }));
}

/** `.env`: what variables are unless the environment says otherwise. */
export function readDefaults(): Record<string, string> {
  const lines = readFileSync('.env', 'utf8')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line));
  const values: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
    values[name] = value.replace(/\$\{([A-Z_]+)\}/g, (_all, other: string) => values[other] ?? '');
  }
  return values;
}

export interface Reference {
  name: string;
  fallback: string | undefined;
}

/** The `${NAME}` and `${NAME:-default}` of a text. */
export function references(text: string): Reference[] {
  return [...text.matchAll(/\$\{([A-Z_]+)(?::-([^}]*))?\}/g)].map(([, name = '', fallback]) => ({
    name,
    fallback,
  }));
}

/** A text as Compose would see it, with these variables. */
export function interpolate(text: string, variables: Record<string, string>): string {
  return text.replace(
    /\$\{([A-Z_]+)(?::-([^}]*))?\}/g,
    (_all, name: string, fallback = '') => variables[name] || fallback,
  );
}
