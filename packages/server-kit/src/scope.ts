import { AsyncLocalStorage } from 'node:async_hooks';

/** On whose behalf something is done. Every line that is logged meanwhile says it. */
export interface Scope {
  requestId?: string;
  processId?: string;
  messageId?: string;
  /** W3C `traceparent`: every request that is made meanwhile carries it on. */
  traceparent?: string;
}

const scopes = new AsyncLocalStorage<Scope>();

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Runs work in a scope of its own. */
export function inScope<T>(scope: Scope, work: () => T): T {
  return scopes.run(scope, work);
}

/** Runs work on behalf of a trace (W3C `traceparent`), or of none. */
export function inTrace<T>(traceparent: unknown, work: () => T, about: Omit<Scope, 'traceparent'> = {}): T {
  const known = readTraceparent(traceparent);
  return scopes.run(known === undefined ? { ...about } : { ...about, traceparent: known }, work);
}

/** Adds what was found out about the work under way. */
export function annotate(facts: Omit<Scope, 'traceparent'>): void {
  const scope = scopes.getStore();
  if (scope) Object.assign(scope, facts);
}

export function currentScope(): Scope | undefined {
  return scopes.getStore();
}

/** The `traceparent` of what is being worked on. */
export function currentTrace(): string | undefined {
  return scopes.getStore()?.traceparent;
}

/** A header value, if it is a well-formed `traceparent`. */
export function readTraceparent(value: unknown): string | undefined {
  return typeof value === 'string' && TRACEPARENT.test(value) ? value : undefined;
}

/** The trace id (hex) in a `traceparent`. */
export function traceIdOf(traceparent: string): string | undefined {
  return TRACEPARENT.exec(traceparent)?.[1];
}
