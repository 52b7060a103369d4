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
