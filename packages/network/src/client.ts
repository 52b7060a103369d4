import { randomBytes } from 'node:crypto';
import { AoError } from '@ao-ts/core';
import { createDataItem, type ItemContent, type Signer, type Tag } from '@ao-ts/core/ans104';
import { z } from 'zod';
import { at, moduleError, refusalText } from './failure.ts';
import type { NetworkFile } from './network-file.ts';
import { readProgram } from './program.ts';
import { checkResult, errorReason, errorText, outputText, type Result } from './result.ts';

/** Tags as a map, or as a list where a name is repeated or the order matters. */
export type Tags = Record<string, string> | Tag[];

/** A result and its place among those of the process. */
export interface ResultEdge {
  cursor: string;
  node: Partial<Result>;
}

export interface SpawnOptions {
  /** Id of the module to run on; the Lua module of the network if there is none. */
  module?: string | undefined;
  tags?: Tags;
}

export interface AssignOptions {
  /** The message is a transaction of layer one, which is assigned once it is settled. */
  baseLayer?: boolean;
  /** Fields of the message that the process is not to get. */
  exclude?: string[];
}

const TreeNode = z.object({
  key: z.string(),
  parent: z.string().nullish(),
  kind: z.string(),
  state: z.string(),
  emitter: z.string().nullish(),
  target: z.string(),
  id: z.string().nullish(),
  nonce: z.number().nullish(),
  error: z.string().nullish(),
});
/** A message, process or assignment as the messenger unit knows it. */
export type TreeNode = z.infer<typeof TreeNode>;
const Tree = z.object({ nodes: z.array(TreeNode) });

const TREE_POLL_MS = 20;

/** A network as one wallet uses it, through the client library that everybody uses. */
export class Client {
  readonly network: NetworkFile;
  /** Address of the wallet. */
  readonly address: string;
  #loaded: ReturnType<typeof legacyClient> | undefined;
  readonly #signer: ItemSigner;
  readonly #wallet: Signer;

  constructor(network: NetworkFile, signer: Signer) {
    this.network = network;
    this.address = signer.address;
    this.#signer = itemSigner(signer);
    this.#wallet = signer;
  }

  /** Loads the client library, which takes a moment. */
  static async preload(): Promise<void> {
    // If it fails, the first call says so.
    await import('@permaweb/aoconnect').catch(() => {});
  }

  // Loading the library takes longer than most commands do without it.
  get #ao() {
    this.#loaded ??= legacyClient(this.network);
    return this.#loaded;
  }

  get #messenger() {
    return { name: 'messenger unit', url: this.network.mu };
  }

  get #compute() {
    return { name: 'compute unit', url: this.network.cu };
  }

  /**
   * Starts a process and waits until it has run its program, which may be empty. It trusts the network's messenger, so that
   * other processes can send it messages.
   * @throws AoError `CLIENT.BOOT` if the program fails, `CLIENT.MODULE`
   */
  async spawn(source = '', options: SpawnOptions = {}): Promise<string> {
    const boot: Tag[] = source === '' ? [] : [{ name: 'On-Boot', value: 'Data' }];
    const module = options.module ?? this.network.module;
    const process = await at(this.#messenger, async () =>
      (await this.#ao)
        .spawn({
          module,
          scheduler: this.network.scheduler,
          signer: this.#signer,
          data: source,
          tags: [{ name: 'Authority', value: this.network.authority }, ...boot, ...tagList(options.tags)],
        })
        .catch((cause: unknown) => {
          throw moduleError(this.network.gateway, module, cause);
        }),
    );
    const failed = errorText(await this.result(process, process));
    if (failed === undefined) return process;
    throw new AoError(
      'CLIENT.BOOT',
      `Process ${process} was spawned, but its program failed: ${errorReason(failed)}`,
      {
        action: 'fix',
        facts: { process },
      },
    );
  }

  /** Starts a process whose program is a Lua file, with the files beside it that it requires. */
  async spawnFile(path: string | URL, options: SpawnOptions = {}): Promise<string> {
    return this.spawn(await readProgram(path), options);
  }

  /** Posts a message to a process; gives its id as soon as it is scheduled. */
  message(process: string, tags: Tags, data = ''): Promise<string> {
    return at(
      this.#messenger,
      async () =>
        (await this.#ao).message({
          process,
          signer: this.#signer,
          tags: tagList(tags),
          data,
        }) as Promise<string>,
    );
  }

  /** Sends a message to a process and gives the result of its evaluation, be it an Error. */
  async send(process: string, tags: Tags, data = ''): Promise<Result> {
    return this.result(process, await this.message(process, tags, data));
  }

  /** The result of a message, an assignment or (by its own id) the spawn of a process. */
  result(process: string, message: string): Promise<Result> {
    return at(this.#compute, async () => (await this.#ao).result({ process, message }) as Promise<Result>);
  }

  /** Runs Lua in a process of this wallet and gives the whole result. */
  eval(process: string, lua: string): Promise<Result> {
    return this.send(process, { Action: 'Eval' }, lua);
  }

  /**
   * Runs Lua in a process of this wallet and gives what it printed or returned, as text.
   * @throws AoError `CLIENT.EVAL`
   */
  async value(process: string, lua: string): Promise<string> {
    const result = await this.eval(process, lua);
    checkResult(result);
    return outputText(result.Output);
  }

  /** The result a message from this wallet would have; the state stays as it is. */
  dryRun(process: string, tags: Tags, data = ''): Promise<Result> {
    return at(
      this.#compute,
      async () =>
        (await this.#ao).dryrun({
          process,
          tags: tagList(tags),
          data,
          Owner: this.address,
        }) as unknown as Promise<Result>,
    );
  }

  /** Assigns a message that is on the gateway to a process; gives the id of the assignment. */
  assign(process: string, message: string, options: AssignOptions = {}): Promise<string> {
    return at(this.#messenger, async () => (await this.#ao).assign({ process, message, ...options }));
  }

  /** Puts data on Arweave, as a data item of this wallet; gives its id. */
  async upload(data: string | Uint8Array, tags: Tags = {}): Promise<string> {
    const item = await createDataItem({ data: Buffer.from(data), tags: tagList(tags) }, this.#wallet);
    const url = `${this.network.uploader}/tx/arweave`;
    return at({ name: 'uploader', url }, async () => {
      const headers = { 'content-type': 'application/octet-stream' };
      const response = await fetch(url, { method: 'POST', headers, body: item.raw });
      if (!response.ok) throw new Error(`${response.status}: ${refusalText(await response.text())}`);
      return item.id;
    });
  }

  /** From now on the messenger unit sends what the crons of the process emit. */
  async monitor(process: string): Promise<void> {
    await at(this.#messenger, async () => (await this.#ao).monitor({ process, signer: this.#signer }));
  }

  async unmonitor(process: string): Promise<void> {
    await at(this.#messenger, async () => (await this.#ao).unmonitor({ process, signer: this.#signer }));
  }

  /** Results after a cursor, oldest first. */
  async resultsAfter(process: string, cursor?: string): Promise<ResultEdge[]> {
    const range = cursor === undefined ? {} : { from: cursor };
    const page = await at(this.#compute, async () =>
      (await this.#ao).results({ process, sort: 'ASC', limit: 1000, ...range }),
    );
    return page.edges as ResultEdge[];
  }

  /** The newest results, oldest first. */
  async latestResults(process: string, limit: number): Promise<ResultEdge[]> {
    const page = await at(this.#compute, async () =>
      (await this.#ao).results({ process, sort: 'DESC', limit }),
    );
    return (page.edges as ResultEdge[]).reverse();
  }

  /** A message and everything it caused, oldest first; undefined if this messenger unit does not know it. */
  async tree(message: string): Promise<TreeNode[] | undefined> {
    const url = `${this.network.mu}/messages/${message}`;
    return at({ name: 'messenger unit', url }, async () => {
      const response = await fetch(url);
      if (response.status === 404) return undefined;
      if (!response.ok) throw new Error(`${response.status}: ${refusalText(await response.text())}`);
      return Tree.parse(await response.json()).nodes;
    });
  }

  /** Waits until everything a message caused has been delivered, or `timeoutMs` are over. */
  async delivered(message: string, timeoutMs: number): Promise<void> {
    for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; ) {
      const nodes = await this.tree(message);
      if (nodes === undefined || nodes.every(({ state }) => state === 'done' || state === 'dead')) return;
      await new Promise((resolve) => setTimeout(resolve, TREE_POLL_MS));
    }
  }
}

async function legacyClient({ mu, cu, gateway }: NetworkFile) {
  const { connect } = await import('@permaweb/aoconnect');
  return connect({ MODE: 'legacy', MU_URL: mu, CU_URL: cu, GATEWAY_URL: gateway });
}

type ItemSigner = NonNullable<Parameters<Awaited<ReturnType<typeof legacyClient>>['spawn']>[0]['signer']>;

/**
 * Signs what the library has composed. The anchor makes every item another one: a key whose signatures are the same
 * for the same content (Ed25519) would otherwise give two equal messages one id.
 */
function itemSigner(signer: Signer): ItemSigner {
  const sign = async (compose: (how: object) => Promise<ItemContent>) => {
    const content = await compose({ passthrough: true });
    return createDataItem({ ...content, anchor: randomBytes(16).toString('hex') }, signer);
  };
  return sign as unknown as ItemSigner;
}

function tagList(tags: Tags = []): Tag[] {
  if (Array.isArray(tags)) return tags;
  return Object.entries(tags).map(([name, value]) => ({ name, value }));
}
