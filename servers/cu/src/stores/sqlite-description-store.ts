import type { GroupCommit, Sqlite } from '@ao-ts/server-kit';
import type { DescriptionStore } from '../domain/description-store.ts';
import type { Module } from '../domain/module.ts';
import type { Process } from '../domain/process.ts';

export class SqliteDescriptionStore implements DescriptionStore {
  readonly #db: Sqlite;
  readonly #commit: GroupCommit;

  constructor(db: Sqlite, commit: GroupCommit) {
    this.#db = db;
    this.#commit = commit;
  }

  process(id: string): Promise<Process | undefined> {
    return this.#read('processes', id);
  }

  saveProcess(process: Process): Promise<void> {
    return this.#write('processes', process);
  }

  module(id: string): Promise<Module | undefined> {
    return this.#read('modules', id);
  }

  saveModule(module: Module): Promise<void> {
    return this.#write('modules', module);
  }

  async #read<T>(table: 'processes' | 'modules', id: string): Promise<T | undefined> {
    const row = this.#db
      .prepare<[string], { description: Buffer }>(`SELECT description FROM ${table} WHERE id = ?`)
      .get(id);
    return row && (JSON.parse(row.description.toString('utf8')) as T);
  }

  #write(table: 'processes' | 'modules', described: { id: string }): Promise<void> {
    return this.#commit.write(() => {
      this.#db
        .prepare(`INSERT INTO ${table} VALUES (?, ?) ON CONFLICT DO NOTHING`)
        .run(described.id, Buffer.from(JSON.stringify(described)));
    });
  }
}
