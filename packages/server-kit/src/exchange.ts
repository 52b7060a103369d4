import type { Agent, Dispatcher } from 'undici';

export interface Exchanged {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface ExchangeBounds {
  /** Until the whole answer is there. */
  timeoutMs: number;
  /** Largest answer accepted. */
  maxBytes: number;
  signal?: AbortSignal | undefined;
}

/** Why an exchange ended early. */
export class ExchangeEnded extends Error {
  readonly reason: 'timeout' | 'too large' | 'aborted';

  constructor(reason: ExchangeEnded['reason']) {
    super(`The exchange ended: ${reason}.`);
    this.reason = reason;
  }
}

/**
 * Sends a request and collects its answer. Straight on undici's dispatcher: its streams and abort signals cost several
 * times what a small request does, and units make two for every message.
 * @throws ExchangeEnded, and undici's errors
 */
export function exchange(
  agent: Agent,
  request: Dispatcher.DispatchOptions,
  { timeoutMs, maxBytes, signal }: ExchangeBounds,
): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let ended: ExchangeEnded | undefined;
    let status = 0;
    let headers: Exchanged['headers'] = {};
    let size = 0;
    const chunks: Buffer[] = [];

    const end = (reason: ExchangeEnded['reason']) => {
      settle();
      ended = new ExchangeEnded(reason);
      reject(ended);
      controller?.abort(ended);
    };
    const abort = () => end('aborted');
    const timer = setTimeout(end, timeoutMs, 'timeout');
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort);

    agent.dispatch(
      { ...request, headersTimeout: 0, bodyTimeout: 0 },
      {
        onRequestStart(started) {
          controller = started;
          // It waited for a connection until nobody wanted the answer any more.
          if (ended) started.abort(ended);
        },
        onResponseStart(_controller, statusCode, received) {
          status = statusCode;
          headers = received;
        },
        onResponseData(_controller, chunk) {
          size += chunk.length;
          if (size > maxBytes) end('too large');
          else chunks.push(chunk);
        },
        onResponseEnd() {
          settle();
          const [first] = chunks;
          resolve({
            status,
            headers,
            body: first && chunks.length === 1 ? first : Buffer.concat(chunks, size),
          });
        },
        onResponseError(_controller, error) {
          settle();
          reject(error);
        },
      },
    );
  });
}
