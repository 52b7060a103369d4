import { generateKeyPairSync } from 'node:crypto';
import { compileModule, instantiate } from '@ao-ts/core/loader';
import { EvaluationResult } from '@ao-ts/core/schemas';
import { moduleBinary, moduleTags } from '@ao-ts/lua';
import { requestJson } from '@ao-ts/server-kit';
import { environment, evaluation, message, spawnMessage } from './lua-messages.ts';
import { type Figure, percentile } from './report.ts';
import { inLanes, timed, Units } from './units.ts';

const MESSAGES = 2000;
const PROCESSES = 300;
const DRY_RUNS = 160;

const COUNTER = `
Count = 0
Handlers.add("count", { Action = "Count" }, function(msg)
  Count = Count + 1
  msg.reply({ Action = "Counted", Data = tostring(Count) })
end)
Handlers.add("fail", { Action = "Fail" }, function() Count = -1 error("as asked") end)`;
/** Work takes about as long as a message of aos. */
const WORKER = `${COUNTER}
local function work()
  local sum = 0
  for i = 1, 60000 do sum = sum + i % 7 end
  return tostring(sum)
end
Handlers.add("work", { Action = "Work" }, function(msg) msg.reply({ Data = work() }) end)
Handlers.add("work-fail", { Action = "Work-Fail" }, function() Count = -1 error(work()) end)`;
/** About 100 MB of live tables. */
const LARGE = `${WORKER}
Ballast = {}
for i = 1, 640000 do Ballast[i] = { i, tostring(i) } end`;

const count = () => ({ Action: 'Count' });
const work = () => ({ Action: 'Work' });
const oneInTenFails = (index: number) => ({ Action: index % 10 === 9 ? 'Fail' : 'Count' });
const oneInTenWorksInVain = (index: number) => ({ Action: index % 10 === 9 ? 'Work-Fail' : 'Work' });

/** Messages per second of the module alone, with the state of the large process. */
async function handlesPerSecond(source: string, action: string): Promise<number> {
  const format = moduleTags.find((tag) => tag.name === 'Module-Format')?.value ?? '';
  const instance = instantiate(await compileModule(await moduleBinary(), { format }));
  const env = JSON.stringify(environment);
  instance.handle(JSON.stringify(spawnMessage), env);
  instance.handle(JSON.stringify(evaluation(source)), env);
  const texts = Array.from({ length: MESSAGES }, (_, i) =>
    JSON.stringify(message(`${i}`.padStart(43, 'm'), i + 2, 'Message', action, ' ')),
  );
  const ms = await timed(async () => texts.map((text) => instance.handle(text, env)));
  return (MESSAGES * 1000) / ms;
}

/** Messages per second of a process that has to catch up with its schedule. */
async function catchUp(
  units: Units,
  process: string,
  tags: (index: number) => Record<string, string>,
): Promise<number> {
  const items = await units.messages(process, MESSAGES, tags);
  await units.schedule(items);
  await units.uploaded();
  const ms = await timed(() => units.compute.result(process, items.at(-1)?.id ?? ''));
  return (MESSAGES * 1000) / ms;
}

/** Milliseconds from the scheduler's acknowledgement to the result, one message at a time. */
async function warm(units: Units, process: string, times: number): Promise<number[]> {
  const samples: number[] = [];
  for (const item of await units.messages(process, times, count)) {
    await units.scheduler.schedule(item.raw);
    samples.push(await timed(() => units.compute.result(process, item.id)));
  }
  return samples;
}

async function dryRuns(units: Units, process: string, lanes: number): Promise<number[]> {
  const samples: number[] = [];
  const remote = { http: units.http, url: units.cu, name: 'compute unit' };
  await inLanes([...Array(DRY_RUNS).keys()], lanes, async (index) => {
    const body = {
      Owner: 'o',
      Target: process,
      Data: String(index),
      Tags: [{ name: 'Action', value: 'Count' }],
    };
    const request = {
      method: 'POST' as const,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    samples.push(
      await timed(() => requestJson(remote, `/dry-run?process-id=${process}`, EvaluationResult, request)),
    );
  });
  return samples;
}

/** The compute unit as a program of its own, fed by a real scheduler whose key signs fast. */
export async function computeSuite(): Promise<Figure[]> {
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  await using units = await Units.start(['gateway', 'su', 'cu'], { key });
  const figures: Figure[] = [];
  const figure = (name: string, value: number, unit: string, rest: Partial<Figure>) =>
    figures.push({ suite: 'cu', name, value, unit, better: 'higher', ...rest });

  const large = await units.spawn(LARGE);
  const floors = {
    short: await handlesPerSecond(LARGE, 'Count'),
    long: await handlesPerSecond(LARGE, 'Work'),
  };
  const catchUps = [
    ['short', '', count, 0.8],
    ['short', ', one in ten failing', oneInTenFails, 0.5],
    ['long', '', work, 0.8],
    ['long', ', one in ten failing', oneInTenWorksInVain, 0.5],
  ] as const;
  for (const [length, how, tags, goal] of catchUps) {
    const which = length === 'long' ? 'as long as those of aos' : 'short ones';
    figure(
      `catch-up of ${MESSAGES}, ${which}${how}, 100 MB ÷ in-place loader`,
      await catchUp(units, large, tags),
      '/s',
      {
        floor: floors[length],
        goal,
      },
    );
  }

  const quiet = await warm(units, large, 150);
  const one = 1000 / floors.short;
  figure('SU write → result p50, minus one handle', percentile(quiet, 0.5) - one, 'ms', {
    goal: 5,
    better: 'lower',
  });
  figure('SU write → result p99, minus one handle', percentile(quiet, 0.99) - one, 'ms', { better: 'lower' });

  await dryRuns(units, large, 1);
  figure('dry-run p50, one at a time', percentile(await dryRuns(units, large, 1), 0.5), 'ms', {
    better: 'lower',
  });
  const [parallel, busy] = await Promise.all([dryRuns(units, large, 16), warm(units, large, 60)]);
  figure('dry-run p50, sixteen at a time', percentile(parallel, 0.5), 'ms', { better: 'lower' });
  figure('warm result p50 during dry-runs ÷ without', percentile(busy, 0.5), 'ms', {
    floor: percentile(quiet, 0.5),
    goal: 1.1,
    better: 'lower',
  });

  await units.restart('cu', 'SIGTERM');
  const [cold = Number.NaN] = await warm(units, large, 1);
  figure('first result of a 100 MB process after a start', cold, 'ms', { goal: 500, better: 'lower' });

  const pair = [await units.spawn(WORKER), await units.spawn(WORKER)];
  const alone = await catchUp(units, await units.spawn(WORKER), work);
  const items = await Promise.all(pair.map((process) => units.messages(process, MESSAGES, work)));
  for (const list of items) await units.schedule(list);
  await units.uploaded();
  const both = await timed(() =>
    Promise.all(pair.map((process, index) => units.compute.result(process, items[index]?.at(-1)?.id ?? ''))),
  );
  figure(
    'catch-up of two processes at a time, as long as those of aos, ÷ one',
    (2 * MESSAGES * 1000) / both,
    '/s',
    { floor: alone, goal: 1.7 },
  );

  const before = await units.residentMegabytes('cu');
  const many: string[] = [];
  for (let i = 0; i < PROCESSES; i++) many.push(await units.spawn(COUNTER));
  const each = ((await units.residentMegabytes('cu')) - before) / PROCESSES;
  figure(`resident memory of each of ${PROCESSES} processes`, each, 'MB', { better: 'lower' });
  const turns: number[] = [];
  for (const process of many) turns.push(...(await warm(units, process, 1)));
  figure(`warm result p50, ${PROCESSES} processes in turn`, percentile(turns, 0.5), 'ms', {
    better: 'lower',
  });
  return figures;
}
