import { stat } from 'node:fs/promises';
import { isAoError } from '@ao-ts/core';
import { type AppKit, isPostgresUrl } from '@ao-ts/server-kit';
import type { AttemptPorts } from './domain/attempts.ts';
import type { Ledger } from './domain/ledger.ts';
import type { Messenger } from './domain/messenger.ts';
import type { Monitors } from './domain/monitors.ts';

/** From here on, failures are counted together. */
const MANY = 10;

/** Counts attempts, under the names they have elsewhere. */
export function countAttempts(metrics: AppKit['metrics']): NonNullable<AttemptPorts['onAttempt']> {
  const retries = metrics.tally('ao_mu_task_retries', 'Attempts, by how many failed before.', [
    'retries',
    'status',
  ]);
  const errors = metrics.tally('ao_mu_error_stage', 'Failed attempts, by what was tried and why it failed.', [
    'stage',
    'type',
  ]);
  return ({ state, failures, error }) => {
    const status = error === undefined ? 'success' : 'failure';
    retries.inc({ retries: failures >= MANY ? `${MANY}+` : String(failures), status });
    if (error !== undefined) errors.inc({ stage: state, type: isAoError(error) ? error.code : 'INTERNAL' });
  };
}

/** What is to do, and how much was kept. */
export function watchLedger(
  metrics: AppKit['metrics'],
  {
    ledger,
    messenger,
    monitors,
    dbUrl,
  }: { ledger: Ledger; messenger: Messenger; monitors: Monitors; dbUrl: string },
): void {
  const pending = async () => (await ledger.counts()).pending;
  metrics.gauge('ao_mu_pending', 'Items to deliver, or with a result to come.', pending);
  metrics.gauge('ao_mu_queue_size', 'The same, under the name it has elsewhere.', pending);
  metrics.gauge('ao_mu_dead', 'Items that can not go on.', async () => (await ledger.counts()).dead);
  metrics.gauge(
    'ao_mu_lanes',
    'Pairs of sender and target with something to deliver.',
    () => messenger.lanes,
  );
  metrics.gauge('ao_mu_monitors', 'Monitored processes.', () => monitors.size);
  metrics.gauge(
    'ao_mu_running_cron_monitor',
    'The same, under the name it has elsewhere.',
    () => monitors.size,
  );
  if (isPostgresUrl(dbUrl) || dbUrl === ':memory:') return;
  metrics.gauges('ao_mu_db_size', 'Bytes of the ledger on disk.', ['database'], async () => [
    [{ database: 'task' }, (await stat(dbUrl)).size],
  ]);
}
