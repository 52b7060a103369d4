import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildModule, moduleBinary } from '@ao-ts/lua';
import { type Figure, percentile } from './report.ts';
import { Token } from './token.ts';

const COMMAND = fileURLToPath(new URL('../packages/cli/bin/ao.mjs', import.meta.url));
const STARTER = fileURLToPath(new URL('../packages/cli/starter/', import.meta.url));
const RUNS = 3;
const BALANCES = [100, 10_000, 100_000];
const WARM_MESSAGES = 3000;
const MESSAGES = 500;
const ROUNDS = 20;

export async function luaSuite(): Promise<Figure[]> {
  const project = await mkdtemp(join(tmpdir(), 'ao-bench-'));
  try {
    await cp(STARTER, project, { recursive: true });
    const start = await runTime(project, ['--eval', '0']);
    return [
      ...(await buildFigures(project, start)),
      ...(await tokenFigures()),
      {
        suite: 'lua',
        name: 'ao test of a new project, cold',
        value: await runTime(project, [COMMAND, 'test']),
        unit: 'ms',
        goal: 1500,
        better: 'lower',
      },
      { suite: 'lua', name: 'start of Node, which is in it', value: start, unit: 'ms', better: 'lower' },
    ];
  } finally {
    await rm(project, { recursive: true });
  }
}

/** Milliseconds that Node needs for this from its start to its end: the median of some runs. */
async function runTime(cwd: string, args: string[]): Promise<number> {
  return medianTime(() => promisify(execFile)(process.execPath, args, { cwd }));
}

async function medianTime(work: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    await work();
    samples.push(performance.now() - started);
  }
  return percentile(samples, 0.5);
}

async function buildFigures(project: string, start: number): Promise<Figure[]> {
  const source = 'return { double = function(n) return n * 2 end }';
  const small = await medianTime(() => buildModule([{ name: 'shop.lua', source }]));
  return [
    {
      suite: 'lua',
      name: 'build a module (floor: start of Node)',
      value: small,
      unit: 'ms',
      floor: start,
      better: 'lower',
    },
    {
      suite: 'lua',
      name: 'ao build of a new project, cold (floor: start of Node)',
      value: await runTime(project, [COMMAND, 'build']),
      unit: 'ms',
      floor: start,
      better: 'lower',
    },
  ];
}

/** Transfers in tokens of several sizes. They take turns, so that a machine that gets slower meanwhile changes all alike. */
async function tokenFigures(): Promise<Figure[]> {
  const binary = await moduleBinary();
  const tokens = await Promise.all(BALANCES.map((balances) => Token.with(balances, binary)));
  for (const token of tokens) for (let i = 0; i < WARM_MESSAGES; i++) token.transfer();
  // Means and not medians: the collector's work counts, whenever it is done.
  const total = tokens.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    tokens.forEach((token, index) => {
      const started = performance.now();
      for (let i = 0; i < MESSAGES; i++) token.transfer();
      total[index] = (total[index] ?? 0) + performance.now() - started;
    });
  }
  const cost = total.map((ms) => ms / (ROUNDS * MESSAGES));
  const rates = BALANCES.map((balances, index): Figure => {
    const name = `token transfers, ${balances.toLocaleString('en')} balances`;
    return { suite: 'lua', name, value: 1000 / (cost[index] ?? 0), unit: 'messages/s', better: 'higher' };
  });
  return [
    ...rates,
    {
      suite: 'lua',
      name: 'a transfer with 100,000 balances (floor: with 100)',
      value: cost.at(-1) ?? 0,
      unit: 'ms',
      floor: cost[0] ?? 0,
      goal: 1.5,
      better: 'lower',
    },
  ];
}
