import type { Tag } from '../src/index.ts';
import type { Evaluation, Evaluator, Loader, LoadOptions, Memory } from './loaders.ts';

export const PROCESS = 'process-0000000000000000000000000000000000A';
export const OWNER = 'owner-000000000000000000000000000000000000B';
export const OTHER = 'other-000000000000000000000000000000000000C';
export const AUTHORITY = 'authority-00000000000000000000000000000000D';
export const MODULE = 'module-00000000000000000000000000000000000E';

export interface Message {
  Target?: string;
  Data?: string;
  Anchor: string;
  Tags: Tag[];
}

/** The response of a module that handled a message. */
export interface Response {
  Output: { data: string; prompt: string; print?: boolean; test?: string };
  Messages: Message[];
  Spawns: Message[];
  Assignments: { Processes: string[]; Message: string }[];
  Error?: string;
}

export function tags(map: Record<string, string>): Tag[] {
  return Object.entries(map).map(([name, value]) => ({ name, value }));
}

/** The value of the first tag with this name. */
export function tag(message: Message | undefined, name: string): string | undefined {
  return message?.Tags.find((candidate) => candidate.name === name)?.value;
}

/** Text without the escape sequences of a terminal. */
export function plain(text: string | undefined): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return (text ?? '').replace(/\x1b\[\d+m/g, '');
}

/** A process as a compute unit runs it: one instance that gets one message after the other. */
export class TestProcess implements AsyncDisposable {
  readonly #evaluator: Evaluator;
  readonly #environment: object;
  readonly #tags: Tag[];
  #nonce = 0;

  private constructor(evaluator: Evaluator, processTags: Record<string, string>) {
    this.#evaluator = evaluator;
    this.#tags = tags({
      'Data-Protocol': 'ao',
      Variant: 'ao.TN.1',
      Type: 'Process',
      Module: MODULE,
      Authority: AUTHORITY,
      ...processTags,
    });
    this.#environment = {
      Process: { Id: PROCESS, Owner: OWNER, Tags: this.#tags },
      Module: { Id: MODULE, Owner: OTHER, Tags: [] },
    };
  }

  static async load(
    loader: Loader,
    binary: Uint8Array,
    processTags = {},
    options?: LoadOptions,
  ): Promise<TestProcess> {
    return new TestProcess(await loader.load(binary, options), processTags);
  }

  /** The evaluation of any message, as the loader gives it. */
  evaluate(fields: Record<string, unknown>): Promise<Evaluation> {
    const nonce = this.#nonce++;
    const message = {
      Id: `message-${nonce}`,
      Data: '',
      Owner: OWNER,
      Target: PROCESS,
      Anchor: null,
      From: OWNER,
      Tags: [],
      Epoch: 0,
      Nonce: nonce,
      Timestamp: 1_700_000_000_000 + nonce,
      'Block-Height': 1_500_000,
      'Hash-Chain': 'chain',
      Cron: false,
      'Read-Only': false,
      ...fields,
    };
    return this.#evaluator.handle(message, this.#environment);
  }

  /** Sends a message and expects the module to handle it, with or without an Error. */
  async send(messageTags: Record<string, string>, fields: Record<string, unknown> = {}): Promise<Response> {
    const { ok, response } = await this.evaluate({ Tags: tags(messageTags), ...fields });
    if (!ok) throw new Error(`the module failed: ${response}`);
    return response as Response;
  }

  /** The message that starts the process. */
  spawn(data = ''): Promise<Response> {
    return this.send({}, { Id: PROCESS, Tags: this.#tags, Data: data });
  }

  /** A message from somebody who signs for himself. */
  from(sender: string, messageTags: Record<string, string>, fields = {}): Promise<Response> {
    return this.send(messageTags, { From: sender, Owner: sender, ...fields });
  }

  /** A message from another process, pushed by a trusted messenger. */
  push(sender: string, messageTags: Record<string, string>, fields = {}): Promise<Response> {
    return this.send(messageTags, { From: sender, Owner: AUTHORITY, 'Forwarded-By': AUTHORITY, ...fields });
  }

  eval(source: string): Promise<Response> {
    return this.send({ Action: 'Eval' }, { Data: source });
  }

  /** What an Eval prints and returns. Throws its Error. */
  async run(source: string): Promise<string> {
    const { Error: problem, Output } = await this.eval(source);
    if (problem !== undefined) throw new Error(plain(problem));
    return plain(Output.data);
  }

  memory(): Promise<Memory> {
    return this.#evaluator.memory();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#evaluator[Symbol.asyncDispose]();
  }
}
