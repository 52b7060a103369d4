import { generateWallet } from '@ao-ts/server-kit';
import { UnitProcess } from '../packages/network/test/unit-process.ts';
import { freePorts } from '../packages/server-kit/test/free-ports.ts';
import { counters, messagesEndToEnd } from './end-to-end.ts';
import { type Figure, percentile } from './report.ts';
import { inLanes, Units } from './units.ts';

const READS = 400;
const READS_AT_ONCE = 3000;
const LANES = 32;

/** What a router before a unit costs: the same requests to the unit itself and through the router, in turn. */
export async function routerFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const figure = (name: string, value: number, unit: string, rest: Partial<Figure>) =>
    figures.push({ suite: 'network', name, value, unit, better: 'higher', ...rest });

  await using units = await Units.start(['gateway', 'su', 'cu', 'mu'], { key: await generateWallet() });
  const [mu = 0, cu = 0] = await freePorts(2);
  await using routers = new Routers([
    new UnitProcess('ur', `http://127.0.0.1:${mu}`, { PORT: `${mu}`, AO_UNIT: 'mu', HOSTS: units.mu }),
    new UnitProcess('ur', `http://127.0.0.1:${cu}`, { PORT: `${cu}`, AO_UNIT: 'cu', HOSTS: units.cu }),
  ]);
  await routers.start();
  const routed = { mu: `http://127.0.0.1:${mu}`, cu: `http://127.0.0.1:${cu}` };

  const processes = await counters(units);
  const [process = ''] = processes;
  const read = async (base: string) => {
    const { status, body } = await units.http.send(`${base}/result/${process}?process-id=${process}`);
    if (status !== 200) throw new Error(`${status}: ${body}`);
  };
  const reads = async (base: string) => {
    const started = performance.now();
    await inLanes(Array(READS_AT_ONCE).fill(base), LANES, read);
    return (READS_AT_ONCE * 1000) / (performance.now() - started);
  };
  // The first ones find nothing warm.
  await reads(routed.cu);
  const readsDirect = await reads(units.cu);
  figure('router: stored results, through ÷ direct', await reads(routed.cu), '/s', { floor: readsDirect });

  const latencies = { direct: [] as number[], through: [] as number[] };
  for (let n = 0; n < READS; n++) {
    for (const [way, base] of [
      ['direct', units.cu],
      ['through', routed.cu],
    ] as const) {
      const started = performance.now();
      await read(base);
      latencies[way].push(performance.now() - started);
    }
  }
  const [direct, through] = [percentile(latencies.direct, 0.5), percentile(latencies.through, 0.5)];
  figure('router: latency added to a stored result, p50', through - direct, 'ms', {
    goal: 1,
    better: 'lower',
  });

  await messagesEndToEnd(units, processes, routed, 32);
  const messagesDirect = await messagesEndToEnd(units, processes, units);
  const messagesThrough = await messagesEndToEnd(units, processes, routed);
  figure('router: messages end to end, through ÷ direct', messagesThrough.rate, '/s', {
    floor: messagesDirect.rate,
    goal: 0.8,
  });
  return figures;
}

class Routers implements AsyncDisposable {
  readonly #units: readonly UnitProcess[];

  constructor(units: readonly UnitProcess[]) {
    this.#units = units;
  }

  async start(): Promise<void> {
    for (const unit of this.#units) await unit.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unit of this.#units) await unit.end('SIGTERM');
  }
}
