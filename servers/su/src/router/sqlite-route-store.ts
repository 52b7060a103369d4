import { GroupCommit, type Migration, openSqlite, type Sqlite } from '@ao-ts/server-kit';
import type { Statement } from 'better-sqlite3';
import type { RouteStore } from './route-store.ts';
import type { KnownScheduler } from './schedulers.ts';

const migrations: Migration[] = [
  `
  CREATE TABLE schedulers (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    no_route INTEGER NOT NULL,
    wallets TEXT NOT NULL,
    wallets_only INTEGER NOT NULL,
    processes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE routes (
    process_id TEXT PRIMARY KEY,
    scheduler_id INTEGER NOT NULL REFERENCES schedulers (id)
  ) STRICT, WITHOUT ROWID;
  `,
];

interface Row {
  url: string;
  noRoute: number;
  wallets: string;
  walletsOnly: number;
  processes: number;
}

export class SqliteRouteStore implements RouteStore {
  readonly #db: Sqlite;
  readonly #commits: GroupCommit;
  readonly #sql: Record<'close' | 'put' | 'all' | 'find' | 'bind' | 'count', Statement>;

  constructor(path: string) {
    this.#db = openSqlite(path, migrations);
    this.#commits = new GroupCommit(this.#db);
    this.#sql = {
      close: this.#db.prepare('UPDATE schedulers SET no_route = 1'),
      put: this.#db.prepare(
        `INSERT INTO schedulers (url, no_route, wallets, wallets_only)
         VALUES (@url, @noRoute, @wallets, @walletsOnly)
         ON CONFLICT (url) DO UPDATE SET
           no_route = excluded.no_route, wallets = excluded.wallets, wallets_only = excluded.wallets_only`,
      ),
      all: this.#db.prepare(
        `SELECT url, no_route AS noRoute, wallets, wallets_only AS walletsOnly, processes
         FROM schedulers ORDER BY id`,
      ),
      find: this.#db
        .prepare(
          `SELECT url FROM routes JOIN schedulers ON schedulers.id = routes.scheduler_id
           WHERE process_id = ?`,
        )
        .pluck(),
      bind: this.#db.prepare(
        `INSERT INTO routes (process_id, scheduler_id) SELECT ?, id FROM schedulers WHERE url = ?
         ON CONFLICT DO NOTHING`,
      ),
      count: this.#db.prepare('UPDATE schedulers SET processes = processes + 1 WHERE url = ?'),
    };
  }

  configure(schedulers: readonly Omit<KnownScheduler, 'processes'>[]): Promise<void> {
    return this.#commits.write(() => {
      this.#sql.close.run();
      for (const { url, noRoute, wallets, walletsOnly } of schedulers) {
        this.#sql.put.run({
          url,
          noRoute: Number(noRoute),
          wallets: wallets.join(','),
          walletsOnly: Number(walletsOnly),
        });
      }
    });
  }

  async schedulers(): Promise<KnownScheduler[]> {
    const rows = this.#sql.all.all() as Row[];
    return rows.map(({ url, noRoute, wallets, walletsOnly, processes }) => ({
      url,
      noRoute: noRoute === 1,
      wallets: wallets === '' ? [] : wallets.split(','),
      walletsOnly: walletsOnly === 1,
      processes,
    }));
  }

  async find(processId: string): Promise<string | undefined> {
    return this.#sql.find.get(processId) as string | undefined;
  }

  bind(processId: string, url: string): Promise<string> {
    return this.#commits.write(() => {
      const { changes } = this.#sql.bind.run(processId, url);
      if (changes > 0) this.#sql.count.run(url);
      return this.#sql.find.get(processId) as string;
    });
  }

  async close(): Promise<void> {
    this.#commits.flush();
    this.#db.close();
  }
}
