import { queryRows } from '@ao-ts/server-kit';
import type pg from 'pg';
import type { DescriptionStore } from '../domain/description-store.ts';
import type { Module } from '../domain/module.ts';
import type { Process } from '../domain/process.ts';

/** Descriptions in a PostgreSQL database. */
export class PostgresDescriptionStore implements DescriptionStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
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
    const [row] = await queryRows<{ description: Buffer }>(
      this.#pool,
      `SELECT description FROM ${table} WHERE id = $1`,
      [id],
    );
    return row && (JSON.parse(row.description.toString('utf8')) as T);
  }

  async #write(table: 'processes' | 'modules', described: { id: string }): Promise<void> {
    await queryRows(this.#pool, `INSERT INTO ${table} VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
      described.id,
      Buffer.from(JSON.stringify(described)),
    ]);
  }
}
