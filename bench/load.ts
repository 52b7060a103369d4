import { fork } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** What it took to post a list of bodies. */
export interface Load {
  ms: number;
  /** Processor time of the client itself, in ms. */
  clientCpuMs: number;
  /** Time of each request, in ms. */
  samples: number[];
}

interface Order {
  url: string;
  bodies: Uint8Array[];
  lanes: number;
}

/**
 * Posts the bodies, in order, `lanes` at a time, from a program of its own that does as little as it can: what the
 * client spends, the server on the same machine does not get.
 */
export function postAll(order: Order): Promise<Load> {
  const child = fork(fileURLToPath(import.meta.url), { serialization: 'advanced' });
  return new Promise((resolve, reject) => {
    child.once('message', (load: Load | { error: string }) => {
      child.disconnect();
      if ('error' in load) reject(new Error(load.error));
      else resolve(load);
    });
    child.once('error', reject);
    child.send(order);
  });
}

/** One kept connection with one request under way at a time. */
class Lane {
  readonly #socket: Socket;
  #received = '';
  #answered: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk: string) => this.#receive(chunk));
    this.#socket.on('close', () => this.#answered?.reject(new Error('The connection was closed.')));
    this.#socket.on('error', (error) => this.#answered?.reject(error));
  }

  connected(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('connect', resolve));
  }

  post(request: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = { resolve, reject };
      this.#socket.write(request);
    });
  }

  end(): void {
    this.#answered = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: string): void {
    this.#received += chunk;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1]);
    if (this.#received.length < head + 4 + length) return;
    const answer = this.#received;
    this.#received = '';
    if (/^HTTP\/1.1 2/.test(answer)) this.#answered?.resolve();
    else this.#answered?.reject(new Error(answer));
  }
}

function requestOf(body: Uint8Array): Uint8Array {
  const head = `POST / HTTP/1.1\r\nhost: bench\r\ncontent-type: application/octet-stream\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

async function run({ url, bodies, lanes }: Order): Promise<Load> {
  const requests = bodies.map(requestOf);
  const left = requests.values();
  const port = Number(new URL(url).port);
  const connections = Array.from({ length: lanes }, () => new Lane(port));
  await Promise.all(connections.map((connection) => connection.connected()));
  const samples: number[] = [];
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      for (const request of left) {
        const sent = performance.now();
        await connection.post(request);
        samples.push(performance.now() - sent);
      }
    }),
  );
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  for (const connection of connections) connection.end();
  return { ms, clientCpuMs: (user + system) / 1000, samples };
}

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', async (order: Order) => {
    const load = await run(order).catch((error: Error) => ({ error: error.message }));
    process.send?.(load);
  });
}
