import type { FastifyInstance } from 'fastify';
import { Gauge, Histogram, type PrometheusContentType, Registry } from 'prom-client';

/** The Prometheus series of one unit. Each unit has its own registry, so that several can live in one process. */
export class Metrics {
  readonly registry = new Registry<PrometheusContentType>();

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** A gauge that is read when it is scraped. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      async collect() {
        this.set(await read());
      },
    });
  }

  observeRequests(app: Pick<FastifyInstance, 'addHook'>): void {
    const seconds = new Histogram({
      name: 'ao_http_request_duration_seconds',
      help: 'Time from request to response.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
      registers: [this.registry],
    });
    app.addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'unknown';
      seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
      done();
    });
  }
}
