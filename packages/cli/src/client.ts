import { readFile } from 'node:fs/promises';
import { AoError } from '@ao-ts/core';
import type { Tag } from '@ao-ts/core/ans104';
import { findNetworkFile, type NetworkFile, readNetworkFile } from '@ao-ts/network';
import { connect, createDataItemSigner } from '@permaweb/aoconnect';
import type { Command } from 'commander';
import { z } from 'zod';
import { at } from './failure.ts';

/** An evaluation as the compute unit answers it. */
export interface Result {
  Output?: unknown;
  Error?: unknown;
  Messages: { Target?: string; Tags?: Tag[]; Data?: unknown }[];
}

interface ResultEdge {
  cursor: string;
  node: Partial<Result>;
}

const MessageTree = z.object({
  nodes: z.array(z.object({ id: z.string().nullish(), state: z.string(), error: z.string().nullish() })),
});

const TREE_POLL_MS = 20;

function legacyClient({ mu, cu, gateway }: NetworkFile) {
  return connect({ MODE: 'legacy', MU_URL: mu, CU_URL: cu, GATEWAY_URL: gateway });
}

/** A network, as one wallet uses it, through the client library that everybody uses. */
export class Client {
  readonly network: NetworkFile;
  readonly #ao: ReturnType<typeof legacyClient>;
  readonly #signer: ReturnType<typeof createDataItemSigner>;

  constructor(network: NetworkFile, jwk: object) {
    this.network = network;
    this.#ao = legacyClient(network);
    this.#signer = createDataItemSigner(jwk as Parameters<typeof createDataItemSigner>[0]);
  }

  get messenger() {
    return { name: 'messenger unit', url: this.network.mu };
  }

  get compute() {
    return { name: 'compute unit', url: this.network.cu };
  }

  /** Starts a process whose program is `source`; gives its id. */
  spawn(spawn: { source: string; tags: Tag[]; module?: string | undefined }): Promise<string> {
    return at(this.messenger, () =>
      this.#ao.spawn({
        module: spawn.module ?? this.network.module,
        scheduler: this.network.scheduler,
        signer: this.#signer,
        data: spawn.source,
        tags: [
          { name: 'Authority', value: this.network.authority },
          { name: 'On-Boot', value: 'Data' },
          ...spawn.tags,
        ],
      }),
    );
  }

  /** Sends a message to a process; gives its id. */
  message(processId: string, message: { tags: Tag[]; data: string }): Promise<string> {
    return at(
      this.messenger,
      () =>
        this.#ao.message({
          process: processId,
          signer: this.#signer,
          tags: message.tags,
          data: message.data,
        }) as Promise<string>,
    );
  }

  /** The result of a message, or (by its own id) of the spawn of a process. */
  result(processId: string, message: string): Promise<Result> {
    return at(this.compute, () => this.#ao.result({ process: processId, message }) as Promise<Result>);
  }

  /** Results after a cursor, oldest first. */
  async resultsAfter(processId: string, cursor: string | undefined): Promise<ResultEdge[]> {
    const range = cursor === undefined ? {} : { from: cursor };
    const page = await at(this.compute, () =>
      this.#ao.results({ process: processId, sort: 'ASC', limit: 1000, ...range }),
    );
    return page.edges as ResultEdge[];
  }

  /** The cursor of the newest result, if there is any. */
  async lastCursor(processId: string): Promise<string | undefined> {
    const page = await at(this.compute, () =>
      this.#ao.results({ process: processId, sort: 'DESC', limit: 1 }),
    );
    return page.edges[0]?.cursor;
  }

  /** Waits until everything a message caused has been delivered, or `timeoutMs` are over. */
  async delivered(messageId: string, timeoutMs: number): Promise<void> {
    const url = `${this.network.mu}/messages/${messageId}`;
    for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; ) {
      const response = await fetch(url);
      if (!response.ok) return; // this messenger unit does not show what it carries
      const { nodes } = MessageTree.parse(await response.json());
      if (nodes.every(({ state }) => state === 'done' || state === 'dead')) return;
      await new Promise((resolve) => setTimeout(resolve, TREE_POLL_MS));
    }
  }
}

/** Options of every command that talks to a network. */
export function addNetworkOptions(command: Command): Command {
  return command
    .option('--network <file>', 'network file (default: the nearest .ao/network.json)')
    .option('--wallet <file>', 'wallet to sign with (default: the one the network made)');
}

/** The client for the network and wallet that the options name. */
export async function clientFor(options: { network?: string; wallet?: string }): Promise<Client> {
  const network = options.network
    ? await readNetworkFile(options.network)
    : await findNetworkFile(process.cwd());
  if (!network)
    throw new AoError('NETWORK.NOT_FOUND', `There is no network file at ${options.network}.`, {
      action: 'fix',
    });
  const path = options.wallet ?? network.wallet;
  let jwk: object;
  try {
    jwk = JSON.parse(await readFile(path, 'utf8')) as object;
  } catch (cause) {
    throw new AoError('WALLET.INVALID', `${path} is not a wallet: an RSA key in JWK form (JSON) is needed.`, {
      action: 'fix',
      cause,
    });
  }
  return new Client(network, jwk);
}
