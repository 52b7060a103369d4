import { generateWallet } from '@ao-ts/server-kit';
import { TestPostgres } from '../packages/server-kit/test/postgres.ts';
import { type Figure, percentile } from './report.ts';
import { inLanes, Units } from './units.ts';

const COUNTER = `
Count = 0
Handlers.add("count", { Action = "Count" }, function(msg)
  Count = Count + 1
  msg.reply({ Action = "Counted", Data = tostring(Count) })
end)`;

const PROCESSES = 16;
const MESSAGES = 240;
const LANES = 16;

/** Where clients send messages and ask for results: units, or routers before them. */
export interface Addresses {
  mu: string;
  cu: string;
}

export interface Run {
  /** Messages per second. */
  rate: number;
  /** Milliseconds from signing a message to its result, of each. */
  latencies: number[];
}

export function counters(units: Units, count = PROCESSES): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => units.spawn(COUNTER)));
}

/** Clients, each of which signs a message, posts it, waits for its result, and begins anew. */
export async function messagesEndToEnd(
  units: Units,
  processes: readonly string[],
  { mu, cu }: Addresses,
  messages = MESSAGES,
): Promise<Run> {
  const latencies: number[] = [];
  const numbers = Array.from({ length: messages }, (_, n) => n);
  const started = performance.now();
  await inLanes(numbers, LANES, async (n) => {
    const process = processes[n % processes.length] ?? '';
    const begun = performance.now();
    const [item] = await units.messages(process, 1, () => ({ Action: 'Count' }));
    if (item === undefined) return;
    await units.post([item], 1, mu);
    const { status, body } = await units.http.send(`${cu}/result/${item.id}?process-id=${process}`);
    if (status !== 200) throw new Error(`${status}: ${body}`);
    latencies.push(performance.now() - begun);
  });
  return { rate: (messages * 1000) / (performance.now() - started), latencies };
}

/** On one process and on many: SQLite first, PostgreSQL beside it. */
export async function endToEndFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const key = await generateWallet();
  const sqlite = await (async () => {
    await using units = await Units.start(['gateway', 'su', 'cu', 'mu'], { key });
    // Awaited here, or the units would be gone before it began.
    return await runs(units);
  })();
  await using postgres = await TestPostgres.start();
  const env = {
    su: { DB_URL: await postgres.database() },
    cu: { DB_URL: await postgres.database() },
    mu: { DB_URL: await postgres.database() },
  };
  await using units = await Units.start(['gateway', 'su', 'cu', 'mu'], { key, env });
  const onPostgres = await runs(units);

  for (const [index, count] of [1, PROCESSES].entries()) {
    const [file, server] = [sqlite[index], onPostgres[index]];
    if (!file || !server) continue;
    const to = `to ${count} process${count === 1 ? '' : 'es'}`;
    for (const share of [0.5, 0.99]) {
      const value = percentile(file.latencies, share);
      const name = `message ${to}, signed to result, p${share * 100}, ${LANES} clients`;
      figures.push({ suite: 'network', name, value, unit: 'ms', better: 'lower' });
    }
    figures.push({
      suite: 'network',
      name: `messages end to end ${to}, PostgreSQL ÷ SQLite`,
      value: server.rate,
      unit: '/s',
      floor: file.rate,
      better: 'higher',
    });
  }
  return figures;
}

async function runs(units: Units): Promise<[Run, Run]> {
  const processes = await counters(units);
  await messagesEndToEnd(units, processes, units, PROCESSES * 2);
  return [
    await messagesEndToEnd(units, processes.slice(0, 1), units),
    await messagesEndToEnd(units, processes, units),
  ];
}
