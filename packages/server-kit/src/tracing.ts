import type { BaseSettings } from './config.ts';

export type SpanKind = 'server' | 'client' | 'internal';
export type SpanAttributes = Record<string, string | number | boolean>;

export interface SpanStart {
  /** `traceparent` of what it is part of; a trace of its own without. */
  parent: string | undefined;
  attributes?: SpanAttributes;
  /** Unix ms; now unless given. */
  startedMs?: number;
}

/** Something that takes time, as a collector of traces shows it. */
export interface Span {
  /** What is done as part of it names it by this. */
  readonly traceparent: string;
  fail(error: unknown): void;
  end(attributes?: SpanAttributes): void;
}

export interface Tracer {
  start(kind: SpanKind, name: string, start: SpanStart): Span;
  /** Sends what was not sent yet. */
  close(): Promise<void>;
}

/**
 * Sends traces to the OpenTelemetry collector that the standard variables name, or undefined if none is named: then nothing of
 * OpenTelemetry is even loaded. `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_HEADERS`, `_TIMEOUT`,
 * `_COMPRESSION`, `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` and `OTEL_SDK_DISABLED` are read from the environment of the process.
 */
export async function createTracer(
  service: string,
  {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: tracesEndpoint,
  }: Pick<BaseSettings, 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'>,
): Promise<Tracer | undefined> {
  const url = tracesEndpoint ?? (endpoint === undefined ? undefined : `${endpoint}/v1/traces`);
  if (url === undefined || process.env.OTEL_SDK_DISABLED === 'true') return undefined;
  const { OtlpTracer } = await import('./otlp-tracer.ts');
  return new OtlpTracer(service, url);
}
