import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';

/** A request of a client, as it is passed on. */
export interface Forwarded {
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Path and query, as the client sent them. */
  path: string;
  headers: Record<string, string | string[]>;
  body: Uint8Array | null;
  /** What the client waits for. */
  client: ServerResponse;
}

/** The beginning of an answer. */
export interface AnswerHead {
  statusCode: number;
  headers: IncomingHttpHeaders;
}

/** Is told how an answer begins, and whether to pass its body on to the client; if not, it is dropped. */
export type Begin = (head: AnswerHead) => boolean;

/**
 * Sends a request to a unit and passes the answer on as it comes, at the pace of who reads it. Resolves when the answer has
 * ended or broken off, for the client too; rejects if it never began. The unit is told if the client leaves. Straight on
 * undici's dispatcher: its streams and abort signals cost several times what passing on a small answer does.
 */
export function relay(unit: Dispatcher, { client, ...request }: Forwarded, begin: Begin): Promise<void> {
  return new Promise((resolve, reject) => {
    let exchange: Dispatcher.DispatchController | undefined;
    let passing = false;
    const left = () => {
      if (!client.writableFinished) exchange?.abort(new Error('The client has left.'));
    };
    const settle = () => client.removeListener('close', left);
    client.once('close', left);
    unit.dispatch(request, {
      onRequestStart(controller) {
        exchange = controller;
        // It waited for a connection until nobody wanted the answer any more.
        if (client.closed) left();
      },
      onResponseStart(_controller, statusCode, headers) {
        // 100 to 199 is no answer yet.
        if (statusCode >= 200) passing = begin({ statusCode, headers });
      },
      onResponseData(controller, chunk) {
        if (!passing || client.write(chunk)) return;
        controller.pause();
        client.once('drain', () => controller.resume());
      },
      onResponseEnd() {
        settle();
        if (passing) client.end();
        resolve();
      },
      onResponseError(_controller, error) {
        settle();
        if (!passing) return reject(error);
        // What the client has must not pass for the whole.
        client.destroy();
        resolve();
      },
    });
  });
}
