import { globSync, readFileSync } from 'node:fs';
import { Network } from '@ao-ts/network';
import { configFrom, create } from '@ao-ts/ur';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const Targets = z.object({ targets: z.array(z.object({ expr: z.string() })).default([]) });
const Dashboard = z.object({ uid: z.string(), title: z.string(), panels: z.array(Targets) });
const Rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ expr: z.string() })) })),
});

/** Series that Prometheus itself makes. */
const PROMETHEUS = ['up'];
const WORDS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g;

/** The names of series in an expression: what is neither a function, an operator, a label nor a number. */
function seriesOf(expression: string): string[] {
  const bare = expression.replace(WORDS, ' ');
  const names = bare.match(/[a-zA-Z_:][\w:]*(?!\w*\s*\()/g) ?? [];
  return names.filter((name) => !['and', 'or', 'unless', 'bool', 'by'].includes(name));
}

let network: Network;
const exported = new Set<string>(PROMETHEUS);

beforeAll(async () => {
  network = await Network.forTests(afterAll);
  const router = await create(
    configFrom({ PORT: '0', AO_UNIT: 'cu', HOSTS: network.file.cu, LOG_LEVEL: 'error' }),
  );
  afterAll(() => router[Symbol.asyncDispose]());
  await router.start();
  // Some series begin with the first message.
  await network.client.spawn('return 1');
  await network.settle();
  const { gateway, su, mu, cu } = network.file;
  for (const url of [gateway, su, mu, cu, router.url]) {
    const answer = await (await fetch(`${url}/metrics`)).text();
    for (const [, name = '', type = ''] of answer.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      for (const suffix of SUFFIXES[type] ?? ['']) exported.add(name + suffix);
    }
  }
});

const SUFFIXES: Record<string, string[]> = {
  counter: ['_total'],
  histogram: ['_bucket', '_count', '_sum'],
  summary: ['', '_count', '_sum'],
};

test('names of series are found in expressions', () => {
  expect(
    seriesOf('sum by (le, unit) (rate(a_bucket{x="y_z"}[5m])) / max_over_time(b_total[1h:1m]) > 100'),
  ).toEqual(['a_bucket', 'b_total']);
});

test.each(globSync('deploy/grafana/dashboards/*.json'))('%s shows what units export', (path) => {
  const { panels } = Dashboard.parse(JSON.parse(readFileSync(path, 'utf8')));
  const series = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => seriesOf(expr)));
  expect(series.length).toBeGreaterThan(5);
  expect(series.filter((name) => !exported.has(name))).toEqual([]);
});

test('alerts are about what units export', () => {
  const { groups } = Rules.parse(parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8')));
  const series = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => seriesOf(expr)));
  expect(series).toContain('ao_mu_dead');
  expect(series.filter((name) => !exported.has(name))).toEqual([]);
});
