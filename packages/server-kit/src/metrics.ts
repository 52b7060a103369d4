import type { FastifyInstance } from 'fastify';
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
  Summary,
} from 'prom-client';

/** The buckets that dashboards of other implementations know (0.5 to 30), and finer ones. Seconds. */
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 3, 5, 10, 30];
const SUMMARY_AGE = { maxAgeSeconds: 600, ageBuckets: 5 };

/** The outcome of one request to another unit. */
export interface Exchange {
  method: string;
  /** What it was for: `result`, `writeDataItem`, … */
  operation: string;
  /** Absent if there was no answer. */
  status?: number;
  /** Code of the failure, if there was no answer. */
  errorType?: string;
  seconds: number;
}

/**
 * The series of one unit, in the OpenMetrics format. Each unit has its own registry, so that several can live in one
 * process. Names begin with `ao_<unit>_`.
 */
export class Metrics {
  readonly registry = new Registry<OpenMetricsContentType>();
  readonly #prefix: string;
  #outgoing: Histogram | undefined;

  /** @param unit `su`, `cu`, … */
  constructor(unit: string) {
    this.#prefix = `ao_${unit}_`;
    this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    // Without a second underscore, as dashboards of other implementations have it.
    collectDefaultMetrics({ register: this.registry, prefix: `ao_${unit}` });
  }

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

  /** A gauge with a label, one value for each of its values, read when it is scraped. */
  gauges(
    name: string,
    help: string,
    label: string,
    read: () => Record<string, number> | Promise<Record<string, number>>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      async collect() {
        this.reset();
        for (const [value, number] of Object.entries(await read())) this.set({ [label]: value }, number);
      },
    });
  }

  counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  histogram<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: readonly number[],
  ): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [this.registry] });
  }

  observeRequests(app: Pick<FastifyInstance, 'addHook'>): void {
    const labelNames = ['method', 'route', 'status', 'statusGroup'] as const;
    const duration = this.histogram(
      `${this.#prefix}http_request_duration_seconds`,
      'Time from request to response.',
      labelNames,
      SECONDS,
    );
    const summary = new Summary({
      name: `${this.#prefix}http_request_summary_seconds`,
      help: 'Time from request to response.',
      labelNames,
      registers: [this.registry],
      ...SUMMARY_AGE,
    });
    app.addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'unknown';
      const { statusCode: status } = reply;
      const labels = { method: request.method, route, status, statusGroup: group(status) };
      const seconds = reply.elapsedTime / 1000;
      duration.observe(labels, seconds);
      summary.observe(labels, seconds);
      done();
    });
  }

  /** Counts a request to another unit. */
  observeExchange({ method, operation, status, errorType, seconds }: Exchange): void {
    this.#outgoing ??= this.histogram(
      `${this.#prefix}outgoing_http_request_duration_seconds`,
      'Time of requests to other units.',
      ['method', 'operation', 'errorType', 'status', 'statusGroup'],
      SECONDS,
    );
    const answered = status === undefined ? {} : { status, statusGroup: group(status) };
    this.#outgoing.observe({ method, operation, errorType: errorType ?? '', ...answered }, seconds);
  }
}

function group(status: number): string {
  return `${Math.floor(status / 100)}xx`;
}
