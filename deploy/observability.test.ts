import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { interpolate, readComposeFile, readDefaults } from './compose-file.ts';

/**
 * What Prometheus, Grafana, the collector and Tempo are told, as far as it can be read without them: they and the
 * containers must mean the same names and ports.
 */

const { services } = readComposeFile();
const readYaml = (path: string): unknown => parse(readFileSync(path, 'utf8'));

const Port = z.number().int().min(1).max(65_535);
const Endpoint = z.strictObject({ endpoint: z.string().regex(/^[\w.-]+:\d+$/) });
const portOf = ({ endpoint }: z.infer<typeof Endpoint>) => Number(endpoint.split(':').at(-1));

const CollectorConfig = z.strictObject({
  receivers: z.strictObject({ otlp: z.strictObject({ protocols: z.strictObject({ http: Endpoint }) }) }),
  processors: z.strictObject({
    memory_limiter: z.strictObject({ check_interval: z.string(), limit_mib: z.number() }),
    batch: z.strictObject({}),
  }),
  exporters: z.strictObject({
    otlp: Endpoint.extend({ tls: z.strictObject({ insecure: z.literal(true) }) }),
  }),
  service: z.strictObject({
    pipelines: z.strictObject({
      traces: z.strictObject({
        receivers: z.array(z.string()).min(1),
        processors: z.tuple([z.literal('memory_limiter'), z.literal('batch')]),
        exporters: z.array(z.string()).min(1),
      }),
    }),
  }),
});

const TempoConfig = z.strictObject({
  server: z.strictObject({ http_listen_port: Port }),
  distributor: z.strictObject({
    receivers: z.strictObject({ otlp: z.strictObject({ protocols: z.strictObject({ grpc: Endpoint }) }) }),
  }),
  compactor: z.strictObject({
    compaction: z.strictObject({ block_retention: z.string().regex(/^\d+h$/) }),
  }),
  storage: z.strictObject({
    trace: z.strictObject({
      backend: z.literal('local'),
      local: z.strictObject({ path: z.string() }),
      wal: z.strictObject({ path: z.string() }),
    }),
  }),
  usage_report: z.strictObject({ reporting_enabled: z.literal(false) }),
});

const DataSources = z.strictObject({
  apiVersion: z.literal(1),
  datasources: z.array(
    z.strictObject({
      name: z.string(),
      uid: z.string(),
      type: z.enum(['prometheus', 'tempo']),
      access: z.literal('proxy'),
      url: z.url(),
      isDefault: z.boolean().optional(),
    }),
  ),
});
const Providers = z.strictObject({
  apiVersion: z.literal(1),
  providers: z.array(
    z.strictObject({
      name: z.string(),
      type: z.literal('file'),
      options: z.strictObject({ path: z.string() }),
    }),
  ),
});

const Source = z.strictObject({ type: z.string(), uid: z.string() });
const Place = z.strictObject({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
const Panel = z.looseObject({
  id: z.number().int().positive(),
  type: z.enum(['row', 'stat', 'timeseries']),
  title: z.string().min(1),
  gridPos: Place,
  datasource: Source.optional(),
  targets: z
    .array(
      z.strictObject({
        datasource: Source,
        expr: z.string(),
        legendFormat: z.string(),
        refId: z.string().regex(/^[A-Z]$/),
      }),
    )
    .default([]),
});
const Dashboard = z.looseObject({
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string().min(1),
  schemaVersion: z.number().int(),
  panels: z.array(Panel).min(1),
});

const Scrapes = z.looseObject({
  rule_files: z.array(z.string()),
  scrape_configs: z.array(
    z.looseObject({
      dns_sd_configs: z.array(
        z.looseObject({ names: z.array(z.string()), type: z.literal('A'), port: Port }),
      ),
    }),
  ),
});
const Alerts = z.strictObject({
  groups: z.array(z.looseObject({ rules: z.array(z.looseObject({ alert: z.string() })) })),
});

const collector = CollectorConfig.parse(readYaml('deploy/otel-collector/config.yaml'));
const tempo = TempoConfig.parse(readYaml('deploy/tempo/tempo.yaml'));
const sources = DataSources.parse(readYaml('deploy/grafana/provisioning/datasources/ao.yml')).datasources;
const prometheus = Scrapes.parse(readYaml('deploy/prometheus/prometheus.yml'));

/** The port a service of these listens on. */
const listens: Record<string, number> = { prometheus: 9090, tempo: tempo.server.http_listen_port };

test('traces go from the units through the collector to Tempo, by the ports that each listens on', () => {
  const { receivers, processors, exporters, service } = collector;
  const { endpoint } = exporters.otlp;
  const [host = '', port] = endpoint.split(':');
  expect(services).toHaveProperty(host);
  expect(Number(port)).toBe(portOf(tempo.distributor.receivers.otlp.protocols.grpc));
  const { traces } = service.pipelines;
  for (const name of traces.receivers) expect(receivers).toHaveProperty(name);
  for (const name of traces.exporters) expect(exporters).toHaveProperty(name);
  // What `.env` and docs/docker.md tell operators to set.
  const collectorUrl = `http://otel-collector:${portOf(receivers.otlp.protocols.http)}`;
  expect(services).toHaveProperty('otel-collector');
  for (const page of ['.env', 'docs/docker.md']) expect(readFileSync(page, 'utf8')).toContain(collectorUrl);
  // The container must hold what the collector allows itself.
  expect(services['otel-collector']?.mem_limit).toBe('512m');
  expect(processors.memory_limiter.limit_mib).toBeLessThan(512);
});

test('Tempo writes only where it may', () => {
  const { wal, local } = tempo.storage.trace;
  for (const { path } of [wal, local]) expect(path).toMatch(/^\/var\/tempo\//);
  // The image runs as this user.
  expect(services.tempo?.tmpfs).toContainEqual(expect.stringMatching(/^\/var\/tempo:uid=10001,gid=10001,/));
});

test('files are mounted where each program looks for them', () => {
  for (const [name, file] of [
    ['otel-collector', '/etc/otelcol/config.yaml'],
    ['tempo', '/etc/tempo.yaml'],
  ] as const) {
    expect(services[name]?.command?.[0]).toMatch(new RegExp(`^--?config(\\.file)?=${file}$`));
    expect(services[name]?.volumes[0]).toMatch(new RegExp(`:${file}:ro$`));
  }
  const { command = [], volumes = [] } = services.prometheus ?? {};
  expect(command).toContain('--config.file=/etc/prometheus/prometheus.yml');
  expect(volumes).toContain('./deploy/prometheus:/etc/prometheus:ro');
  expect(prometheus.rule_files).toEqual(['alerts.yml']);
});

test('Prometheus asks every unit of every profile, at the port it listens on, and nothing else', () => {
  const defaults = readDefaults();
  const asked = prometheus.scrape_configs.flatMap(({ dns_sd_configs }) =>
    dns_sd_configs.flatMap(({ names, port }) => names.map((name) => [name, String(port)])),
  );
  const units = Object.entries(services).flatMap(([name, { environment }]) =>
    environment.PORT ? [[name, interpolate(environment.PORT, defaults)]] : [],
  );
  expect(asked.sort()).toEqual(units.sort());
});

test('Grafana asks services that are there, and shows the dashboards of this folder', () => {
  for (const { url } of sources) {
    const { hostname, port } = new URL(url);
    expect(services, url).toHaveProperty(hostname);
    expect(Number(port), url).toBe(listens[hostname]);
  }
  expect(sources.filter(({ isDefault }) => isDefault)).toHaveLength(1);
  const { providers } = Providers.parse(readYaml('deploy/grafana/provisioning/dashboards/ao.yml'));
  const { volumes = [], environment = {} } = services.grafana ?? {};
  expect(volumes).toContain('./deploy/grafana/provisioning:/etc/grafana/provisioning:ro');
  for (const { options } of providers) {
    expect(volumes).toContain(`./deploy/grafana/dashboards:${options.path}:ro`);
  }
  const home = environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? '';
  expect(globSync('deploy/grafana/dashboards/*.json').map((path) => basename(path))).toContain(
    basename(home),
  );
});

const overlap = (a: z.infer<typeof Place>, b: z.infer<typeof Place>) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

test.each(globSync('deploy/grafana/dashboards/*.json'))(
  '%s is a dashboard that Grafana can lay out',
  (path) => {
    const { panels } = Dashboard.parse(JSON.parse(readFileSync(path, 'utf8')));
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [index, { title, gridPos, targets, type, datasource }] of panels.entries()) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (const other of panels.slice(index + 1)) {
        expect(overlap(gridPos, other.gridPos), `${title} / ${other.title}`).toBe(false);
      }
      expect(targets.length > 0, title).toBe(type !== 'row');
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
      for (const source of [datasource, ...targets.map((target) => target.datasource)]) {
        if (source) expect(sources).toContainEqual(expect.objectContaining(source));
      }
    }
  },
);

test('docs/operate.md says of each alert what to do, and of no other', () => {
  const { groups } = Alerts.parse(readYaml('deploy/prometheus/alerts.yml'));
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  const [, watching = ''] = readFileSync('docs/operate.md', 'utf8').split('## Watching');
  const rows = watching.split('\n').filter((line) => line.startsWith('| `'));
  const described = rows.flatMap((row) => (row.split('|')[1] ?? '').match(/\w+/g) ?? []);
  expect(described.sort()).toEqual(alerts.sort());
});
