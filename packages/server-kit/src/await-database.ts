import { setTimeout as delay } from 'node:timers/promises';
import { AoError, errorMessage } from '@ao-ts/core';
import pg from 'pg';
import { createApp } from './app.ts';
import type { BaseSettings } from './config.ts';
import { statusOf } from './http-status.ts';
import { createLogger } from './logger.ts';
import { databaseUnusable, isPostgresUrl, postgresClient } from './postgres.ts';
import { listen } from './unit.ts';

const ATTEMPT_MS = 500;

/** Codes with which a server says that it is there, but not for anybody yet: it starts, stops or is full. */
const NOT_YET = new Set(['57P01', '57P02', '57P03', '53300']);

export type DatabaseSettings = BaseSettings & { DB_URL: string; PORT: number };

/**
 * Waits until the PostgreSQL server that `DB_URL` names, if it names one, lets this unit in. Meanwhile the unit is alive
 * (`/health`), and says at `/ready` and to everybody else what it waits for.
 * @param unit `su`, `mu` or `cu`
 * @throws AoError `STORE.FAILED` if the server refuses this unit, which will not change by waiting
 */
export async function awaitDatabase(unit: string, config: DatabaseSettings): Promise<void> {
  if (!isPostgresUrl(config.DB_URL)) return;
  let reason = await whyNot(config.DB_URL);
  if (reason === undefined) return;

  const logger = createLogger({ name: unit, level: config.LOG_LEVEL });
  const waits = () => {
    const message = `The unit waits for the database of DB_URL: ${reason}`;
    throw new AoError('UPSTREAM.AWAY', message, { action: 'retry' });
  };
  const { app, readiness } = await createApp({ unit, logger, statusOf, config });
  readiness.needs('database', waits);
  app.addHook('onRequest', async (request) => {
    if (request.is404) waits();
  });
  await listen(app, unit, { host: config.HOST, port: config.PORT });
  try {
    logger.warn({ reason }, 'waiting for the database');
    while (reason !== undefined) {
      await delay(ATTEMPT_MS);
      reason = await whyNot(config.DB_URL);
    }
  } finally {
    await app.close();
  }
}

/** Why the server can not be reached just now. */
async function whyNot(url: string): Promise<string | undefined> {
  const client = postgresClient(url);
  client.on('error', () => {});
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    if (error instanceof pg.DatabaseError && !NOT_YET.has(error.code ?? '')) throw databaseUnusable(error);
    return errorMessage(error);
  } finally {
    await client.end().catch(() => {});
  }
}
