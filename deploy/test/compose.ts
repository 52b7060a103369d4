import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type NetworkFile, readNetworkFile } from '@ao-ts/network';
import { freePorts } from '../../packages/server-kit/test/free-ports.ts';

const run = promisify(execFile);
const PORTS = ['GATEWAY', 'UPLOADER', 'MU', 'SU', 'CU', 'UR', 'PROMETHEUS', 'GRAFANA'];

/** A project of Compose of its own: other names, volumes and ports than any other on this machine. */
export class ComposeProject {
  readonly #env: NodeJS.ProcessEnv;
  /** Where the state is copied to, as a user would. */
  readonly directory: string;

  private constructor(env: NodeJS.ProcessEnv, directory: string) {
    this.#env = env;
    this.directory = directory;
  }

  static async create(profiles: string): Promise<ComposeProject> {
    const ports = await freePorts(PORTS.length);
    const directory = await mkdtemp(join(tmpdir(), 'ao-compose-'));
    const env = {
      ...process.env,
      COMPOSE_PROJECT_NAME: `ao-test-${randomBytes(4).toString('hex')}`,
      COMPOSE_PROFILES: profiles,
      ...Object.fromEntries(PORTS.map((name, i) => [`${name}_PORT`, String(ports[i])])),
    };
    return new ComposeProject(env, directory);
  }

  async compose(...args: string[]): Promise<string> {
    const { stdout } = await run('docker', ['compose', '--progress', 'quiet', ...args], {
      env: this.#env,
      maxBuffer: 64 * 2 ** 20,
    });
    return stdout.trim();
  }

  /** What the engine says of the container of a service. */
  async inspect(service: string): Promise<Container> {
    const id = await this.compose('ps', '--all', '--quiet', service);
    const { stdout } = await run('docker', ['inspect', id]);
    return (JSON.parse(stdout) as Container[])[0] as Container;
  }

  async copyState(): Promise<NetworkFile> {
    await mkdir(this.directory, { recursive: true });
    await this.compose('cp', 'setup:/state/.', this.directory);
    const file = await readNetworkFile(join(this.directory, 'network.json'));
    if (!file) throw new Error('setup wrote no network.json');
    return { ...file, wallet: join(this.directory, 'wallet.json') };
  }

  async remove(): Promise<void> {
    await this.compose('down', '--volumes', '--timeout', '30');
    await rm(this.directory, { recursive: true, force: true });
  }
}

export interface Container {
  State: { ExitCode: number; OOMKilled: boolean };
  Config: { User: string };
  HostConfig: { ReadonlyRootfs: boolean; Memory: number; CapDrop: string[] | null; Init: boolean };
}
