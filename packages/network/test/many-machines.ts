import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../server-kit/test/free-ports.ts';
import { TestPostgres } from '../../server-kit/test/postgres.ts';
import { Network } from '../src/index.ts';
import { type UnitName, UnitProcess } from './unit-process.ts';

const KINDS = ['su', 'cu', 'mu'] as const;
type Kind = (typeof KINDS)[number];

/**
 * What an operator of many machines runs: two units of each kind on PostgreSQL, a router before each kind, and a
 * gateway; each a program of its own. Clients and units know the routers only.
 */
export class ManyMachines implements AsyncDisposable {
  /** The network as its clients know it. */
  readonly network: Network;
  readonly gateway: UnitProcess;
  readonly units: Record<Kind, UnitProcess[]>;
  readonly routers: Record<Kind, UnitProcess>;
  readonly #directory: string;
  readonly #postgres: TestPostgres;

  private constructor(directory: string, { network, postgres, databases, ports }: Prepared) {
    this.#directory = directory;
    this.#postgres = postgres;
    this.network = network;
    const { file } = network;
    const operator = join(directory, 'operator.json');
    const others = { GATEWAY_URL: file.gateway, UPLOADER_URL: file.gateway, SU_URL: file.su };
    const own: Record<Kind, Record<string, string>> = {
      su: { UPLOAD_NODE_URL: file.gateway, SU_WALLET_PATH: operator },
      cu: { WALLET_FILE: operator, WASM_EVALUATION_MAX_WORKERS: '1' },
      mu: { PATH_TO_WALLET: operator, CU_URL: file.cu },
    };
    const at = (port: number) => `http://127.0.0.1:${port}`;
    const program = (name: UnitName | 'ur', url: string, env: Record<string, string>) =>
      new UnitProcess(name, url, { PORT: new URL(url).port, LOG_LEVEL: 'fatal', ...env });
    const both = (kind: Kind) =>
      ports[kind].map((port) =>
        program(kind, at(port), {
          ...others,
          ...own[kind],
          DATA_DIR: join(directory, `${kind}-${port}`),
          DB_URL: databases[kind],
        }),
      );
    const router = (kind: Kind) =>
      program('ur', file[kind], {
        AO_UNIT: kind,
        HOSTS: ports[kind].map(at).join(','),
        REPEAT_WRITES: 'true',
        HEALTH_INTERVAL_MS: '200',
      });
    const gatewayState = join(directory, 'gateway');
    this.gateway = program('gateway', file.gateway, {
      DATA_DIR: gatewayState,
      DB_URL: join(gatewayState, 'gateway.sqlite'),
    });
    this.units = { su: both('su'), cu: both('cu'), mu: both('mu') };
    this.routers = { su: router('su'), cu: router('cu'), mu: router('mu') };
  }

  static async start(): Promise<ManyMachines> {
    const directory = await mkdtemp(join(tmpdir(), 'ao-machines-'));
    const prepared = await prepare(directory);
    const machines = new ManyMachines(directory, prepared);
    try {
      await machines.gateway.start();
      await Promise.all(machines.#others.map((unit) => unit.start()));
      return machines;
    } catch (error) {
      await machines[Symbol.asyncDispose]();
      throw error;
    }
  }

  get #others(): UnitProcess[] {
    return [...Object.values(this.units).flat(), ...Object.values(this.routers)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.gateway, ...this.#others].map((unit) => unit.end('SIGKILL')));
    await this.#postgres[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

interface Prepared {
  network: Network;
  postgres: TestPostgres;
  databases: Record<Kind, string>;
  ports: Record<Kind, number[]>;
}

/** Makes wallets, module and Scheduler-Location, with the routers at the addresses of the units of a small network. */
async function prepare(directory: string): Promise<Prepared> {
  const [gateway = 0, su = 0, cu = 0, mu = 0, ...rest] = await freePorts(10);
  const [network, postgres] = await Promise.all([
    Network.start({ directory, ports: { gateway, su, cu, mu } }),
    TestPostgres.start(),
  ]);
  await network.stop();
  const [forSu = '', forCu = '', forMu = ''] = [
    await postgres.database(),
    await postgres.database(),
    await postgres.database(),
  ];
  return {
    network,
    postgres,
    databases: { su: forSu, cu: forCu, mu: forMu },
    ports: { su: rest.slice(0, 2), cu: rest.slice(2, 4), mu: rest.slice(4, 6) },
  };
}
