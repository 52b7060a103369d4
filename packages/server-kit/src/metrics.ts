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

type Values<Label extends string> = readonly [Record<Label, string>, number][];

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
  readonly #outgoing: Histogram;
  /** Told of every request to another unit. */
  onExchange: (exchange: Exchange) => void = () => {};

  /** @param unit `su`, `cu`, … */
  constructor(unit: string) {
    this.#prefix = `ao_${unit}_`;
    this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    // Without a second underscore, as dashboards of other implementations have it.
    collectDefaultMetrics({ register: this.registry, prefix: `ao_${unit}` });
    this.#outgoing = this.histogram(
      `${this.#prefix}outgoing_http_request_duration_seconds`,
      'Time of requests to other units.',
      ['method', 'operation', 'errorType', 'status', 'statusGroup'],
      SECONDS,
    );
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

  /** A gauge with labels, its values read when it is scraped. */
  gauges<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: () => Values<Label> | Promise<Values<Label>>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      async collect() {
        const values = await read();
        this.reset();
        for (const [labels, value] of values) this.set(labels, value);
      },
    });
  }

  /** A number that grows, under a name that a counter can not have: theirs end in `_total`. */
  tally<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
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
  observeExchange(exchange: Exchange): void {
    const { method, operation, status, errorType, seconds } = exchange;
    this.onExchange(exchange);
    const answered = status === undefined ? {} : { status, statusGroup: group(status) };
    this.#outgoing.observe({ method, operation, errorType: errorType ?? '', ...answered }, seconds);
  }
}

function group(status: number): string {
  return `${Math.floor(status / 100)}xx`;
}
