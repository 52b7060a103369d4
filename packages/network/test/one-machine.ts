import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../server-kit/test/free-ports.ts';
import { type Client, Network, type NetworkFile } from '../src/index.ts';
import { type UnitName, UnitProcess } from './unit-process.ts';

/** What an operator of one machine runs: each unit a program of its own, with its state in a folder of its own. */
export class OneMachine implements AsyncDisposable {
  /** Holds a folder for each unit, named like it, and the key of all of them, `operator.json`. */
  readonly directory: string;
  readonly file: NetworkFile;
  readonly client: Client;
  readonly units: Record<UnitName, UnitProcess>;
  readonly #env: Record<UnitName, Record<string, string>>;

  private constructor(directory: string, { file, client }: Network) {
    this.directory = directory;
    this.file = file;
    this.client = client;
    const key = join(directory, 'operator.json');
    const others = { GATEWAY_URL: file.gateway, UPLOADER_URL: file.gateway, SU_URL: file.su };
    this.#env = {
      gateway: {},
      su: { GATEWAY_URL: file.gateway, UPLOAD_NODE_URL: file.gateway, SU_WALLET_PATH: key },
      cu: { ...others, WALLET_FILE: key },
      mu: { ...others, CU_URL: file.cu, PATH_TO_WALLET: key },
    };
    const unit = (name: UnitName) => new UnitProcess(name, file[name], this.env(name));
    this.units = { gateway: unit('gateway'), su: unit('su'), cu: unit('cu'), mu: unit('mu') };
  }

  /** The network package makes wallets, module and Scheduler-Location; then each unit runs by itself. */
  static async start(): Promise<OneMachine> {
    const directory = await mkdtemp(join(tmpdir(), 'ao-machine-'));
    const [gateway = 0, su = 0, cu = 0, mu = 0] = await freePorts(4);
    const network = await Network.start({ directory, ports: { gateway, su, cu, mu } });
    await network.stop();
    const machine = new OneMachine(directory, network);
    for (const unit of machine.all) await unit.start();
    return machine;
  }

  get all(): UnitProcess[] {
    return Object.values(this.units);
  }

  /** What the program of a unit is told. */
  env(name: UnitName): Record<string, string> {
    const folder = join(this.directory, name);
    return {
      PORT: new URL(this.file[name]).port,
      DATA_DIR: folder,
      DB_URL: join(folder, `${name}.sqlite`),
      ...this.#env[name],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((unit) => unit.end('SIGKILL')));
    await rm(this.directory, { recursive: true, force: true });
  }
}
