import { AsyncLocalStorage } from 'node:async_hooks';

const context = new AsyncLocalStorage<string | undefined>();

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Runs work on behalf of a trace (W3C `traceparent`), or of none: every request it makes carries it on. */
export function inTrace<T>(traceparent: unknown, work: () => T): T {
  const known = typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : undefined;
  return context.run(known, work);
}

/** The `traceparent` of what is being worked on. */
export function currentTrace(): string | undefined {
  return context.getStore();
}
