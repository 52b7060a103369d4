import type { AddressInfo } from 'node:net';
import { AoError, errorMessage } from '@ao-ts/core';
import type { FastifyInstance } from 'fastify';
import { switchLogLevelOnSignal } from './logger.ts';

/** A unit server. `start` listens; disposing stops accepting, finishes what is under way and closes the stores. */
export interface Unit extends AsyncDisposable {
  /** Base URL, without a trailing slash; known once started. */
  readonly url: string;
  start(): Promise<void>;
}

/**
 * Listens and returns the base URL.
 * @throws AoError `CONFIG.PORT_TAKEN` naming the port
 */
export async function listen(
  app: Pick<FastifyInstance, 'listen' | 'server'>,
  name: string,
  address: { host: string; port: number },
): Promise<string> {
  try {
    await app.listen({ host: address.host, port: address.port });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new AoError(
      'CONFIG.PORT_TAKEN',
      `Port ${address.port} is taken, so the ${name} can not start. Stop what listens there, or set another port.`,
      { action: 'fix', facts: { port: address.port }, cause },
    );
  }
  const { port } = app.server.address() as AddressInfo;
  const host = address.host === '0.0.0.0' || address.host === '::' ? '127.0.0.1' : address.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Runs a unit as a program: starts it, stops it on SIGTERM or SIGINT, exits 1 with one sentence if it can not start. */
export async function runUnit(create: () => Promise<Unit> | Unit): Promise<void> {
  let started: Promise<Unit> | undefined;
  let stopping = false;
  const stop = () => {
    // Nothing was begun yet.
    if (!started) process.exit(0);
    if (stopping) return;
    stopping = true;
    started
      .then((unit) => unit[Symbol.asyncDispose]())
      .then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    switchLogLevelOnSignal();
    const unit = await create();
    started = unit.start().then(() => unit);
    await started;
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  process.stderr.write(
    `${error instanceof AoError ? errorMessage(error) : ((error as Error).stack ?? error)}\n`,
  );
  process.exit(1);
}
