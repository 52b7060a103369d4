import type { App, AppKit } from '@ao-ts/server-kit';
import type { FastifyRequest } from 'fastify';

/** Buckets that dashboards of other implementations know, in ms. */
const MILLISECONDS = [0, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/** The series of a Scheduler Unit, under the names they have elsewhere. */
export function measureRequests(app: App, metrics: AppKit['metrics']): void {
  const duration = metrics.histogram(
    'su_core_metrics_duration_milliseconds',
    'Time of what clients ask for, by what it is.',
    ['function_name'],
    MILLISECONDS,
  );
  const failures = metrics.counter('message_save_failures', 'Writes that failed for a reason of ours.', []);
  app.addHook('onResponse', (request, reply, done) => {
    const name = functionOf(request);
    if (name !== undefined) duration.observe({ function_name: name }, reply.elapsedTime);
    if (name === 'write_item' && reply.statusCode >= 500) failures.inc();
    done();
  });
}

function functionOf({ method, routeOptions, params, query }: FastifyRequest): string | undefined {
  if (method === 'POST') return routeOptions.url === '/' ? 'write_item' : undefined;
  if (routeOptions.url === '/processes/:processId') return 'get_process';
  if (routeOptions.url === '/:processId/latest') return 'get_message';
  if (routeOptions.url !== '/:id') return undefined;
  // The same path serves a message of a process, and a page of it.
  const { id } = params as { id: string };
  return ((query as { 'process-id'?: string })['process-id'] ?? id) === id ? 'get_messages' : 'get_message';
}
