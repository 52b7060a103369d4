import type { AppKit } from '@ao-ts/server-kit';
import type { Evaluation, ResultStore } from './domain/result-store.ts';
import type { ThreadPool } from './worker/thread-pool.ts';

/** What the series of a Compute Unit are read from. */
interface Observed {
  engine: { size: number };
  threads: Record<'primary' | 'dry-run', Pick<ThreadPool, 'size' | 'tasks'>>;
}

/** The series of a Compute Unit, under the names they have elsewhere. */
export class Measures {
  readonly #metrics: AppKit['metrics'];
  readonly #evaluations;

  constructor(metrics: AppKit['metrics']) {
    this.#metrics = metrics;
    this.#evaluations = metrics.counter(
      'ao_cu_ao_process_total_evaluations',
      'Messages that were evaluated.',
      ['stream_type', 'message_type', 'process_error'],
    );
    const queries = metrics.counter('ao_cu_ao_process_total_graphql_queries', 'Queries to the gateway.', [
      'query_name',
      'result',
    ]);
    metrics.onExchange = ({ operation, status = 0 }) => {
      if (!operation.startsWith('graphql ')) return;
      queries.inc({ query_name: operation.slice(8), result: status === 200 ? 'success' : 'error' });
    };
  }

  /** The same store; what is saved in it is counted. */
  counted(results: ResultStore): ResultStore {
    return {
      find: (processId, id) => results.find(processId, id),
      at: (processId, nonce) => results.at(processId, nonce),
      newestNonce: (processId) => results.newestNonce(processId),
      evaluatedBefore: (processId, key, nonce) => results.evaluatedBefore(processId, key, nonce),
      list: (query) => results.list(query),
      save: async (evaluations) => {
        const bodies = await results.save(evaluations);
        for (const evaluation of evaluations) this.#saved(evaluation);
        return bodies;
      },
    };
  }

  readonly dryRun = (failed: boolean): void => {
    this.#evaluations.inc({
      stream_type: 'dry-run',
      message_type: 'dry-run',
      process_error: String(failed),
    });
  };

  observe({ engine, threads }: Observed): void {
    const metrics = this.#metrics;
    const pools = Object.entries(threads);
    metrics.gauge('ao_cu_processes', 'Processes in memory.', () => engine.size);
    metrics.gauges(
      'ao_cu_ao_process_total',
      'Processes that are kept ready, by where.',
      ['cache_type'],
      () => [[{ cache_type: 'memory' }, engine.size]],
    );
    metrics.gauges('ao_cu_worker_total', 'Threads that evaluate.', ['worker_type'], () =>
      pools.map(([worker_type, { size }]) => [{ worker_type }, size]),
    );
    metrics.gauges('ao_cu_worker_tasks_total', 'What threads have to do.', ['worker_type', 'task_type'], () =>
      pools.flatMap(([worker_type, { tasks }]) =>
        Object.entries(tasks).map(
          ([task_type, count]): [Record<'worker_type' | 'task_type', string>, number] => [
            { worker_type, task_type },
            count,
          ],
        ),
      ),
    );
  }

  #saved({ cron, status }: Evaluation): void {
    if (status === 'duplicate') return;
    this.#evaluations.inc({
      stream_type: 'primary',
      message_type: cron === null ? 'scheduled' : 'cron',
      process_error: String(status === 'failed'),
    });
  }
}
