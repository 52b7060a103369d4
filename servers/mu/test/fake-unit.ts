import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeRequest {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface FakeAnswer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/**
 * What goes wrong with a request: the connection breaks before or after the unit did its work, or
 * something else is answered than the unit would.
 */
export type Fault = 'break-before' | 'break-after' | FakeAnswer;

/** An HTTP server that stands for another unit, on a free port, with faults to order. */
export class FakeUnit implements AsyncDisposable {
  readonly #server: Server;
  #port = 0;
  /** Every request that arrived, faults included. */
  readonly requests: FakeRequest[] = [];
  /** Asked before each request; what it promises is waited for. */
  fault: (request: FakeRequest) => Fault | undefined | Promise<Fault | undefined> = () => undefined;

  constructor(handle: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>) {
    this.#server = createServer(async (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const request = {
        method: incoming.method ?? 'GET',
        url: new URL(incoming.url ?? '/', 'http://fake'),
        headers: incoming.headers,
        body: Buffer.concat(chunks),
      };
      this.requests.push(request);
      const fault = await this.fault(request);
      if (fault === 'break-before') return void incoming.socket.destroy();
      const answer = typeof fault === 'object' ? fault : await handle(request);
      if (fault === 'break-after') return void incoming.socket.destroy();
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {});
      outgoing.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(text);
    });
  }

  /** Stays what it was while the unit is stopped. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, on a free port if none is given. */
  async start(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
