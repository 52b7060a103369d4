import { randomBytes } from 'node:crypto';
import { createDataItem, type DataItem, ethereumSigner } from '@ao-ts/core/ans104';
import { type NetworkFile, outputText, type Result, readProgram } from '../src/index.ts';

const TOKENS = 4;
const HOLDERS = 16;
const INITIAL = 1_000_000;
const LANES = 6;
const TOKEN = new URL('../../../examples/token/token.lua', import.meta.url);

/** Pays when told to, and keeps what it was told about each payment, by its number. */
const HOLDER = `
Seen = {}
Handlers.add("pay", { Action = "Pay" }, function(msg)
  local tags = msg.Tags
  Send({ Target = tags.Token, Action = "Transfer", Recipient = tags.Payee, Quantity = tags.Quantity, ["X-Payment"] = tags.Payment })
end)
Handlers.add("notice", function(msg) return msg.Tags["X-Payment"] ~= nil end, function(msg)
  local key = msg.From .. " " .. msg.Tags.Action .. " " .. msg.Tags.Quantity .. " " .. msg.Tags["X-Payment"]
  Seen[key] = (Seen[key] or 0) + 1
end)`;

interface Payment {
  number: number;
  token: string;
  payer: string;
  payee: string;
  quantity: number;
}

/** Twenty processes, tokens and those who hold them, who pay each other as long as the load runs. */
export class TokenLoad {
  /** Requests of clients that failed, in words. */
  readonly failures: string[] = [];
  readonly payments: Payment[] = [];
  /** While this holds, a request that failed is no failure: it is sent again, the same bytes. */
  patient = true;
  readonly #file: NetworkFile;
  readonly #signer = ethereumSigner(randomBytes(32));
  readonly #tokens: string[] = [];
  readonly #holders: string[] = [];
  #running: Promise<unknown> | undefined;
  #stopping = false;

  constructor(file: NetworkFile) {
    this.#file = file;
  }

  async spawn(): Promise<void> {
    const token = await readProgram(TOKEN);
    this.#holders.push(...(await times(HOLDERS, () => this.#spawn(HOLDER))));
    this.#tokens.push(...(await times(TOKENS, () => this.#spawn(token))));
    const balances = this.#holders.map((holder) => `["${holder}"] = "${INITIAL}"`).join(', ');
    await each(this.#tokens, (process) => this.#eval(process, `Balances = { ${balances} }`));
  }

  start(): void {
    this.patient = false;
    this.#running = times(LANES, async () => {
      while (!this.#stopping) await this.#pay();
    });
  }

  /** Resolves when so many more payments were taken. */
  async more(count: number): Promise<void> {
    const enough = this.payments.length + count;
    while (this.payments.length < enough) await pause();
  }

  /** Ends the load; resolves when all that was begun is paid. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  /** What each holder was told and must have been told; what each account has and must have. */
  async books(): Promise<{ told: object; mustBeTold: object; balances: object; mustBe: object }> {
    const read = async (process: string, name: string) =>
      JSON.parse(await this.#eval(process, `return require("json").encode(${name})`)) as Record<
        string,
        string
      >;
    const told = Object.fromEntries(
      await each(this.#holders, async (holder) => [holder, sorted(await read(holder, 'Seen'))]),
    );
    const balances = Object.fromEntries(
      await each(this.#tokens, async (token) => [token, sorted(await read(token, 'Balances'))]),
    );
    return { told, balances, ...this.#expected() };
  }

  #expected(): { mustBeTold: object; mustBe: object } {
    const told = new Map(this.#holders.map((holder) => [holder, {} as Record<string, number>]));
    const accounts = new Map(
      this.#tokens.map((token) => [token, new Map(this.#holders.map((holder) => [holder, INITIAL]))]),
    );
    for (const { token, payer, payee, quantity, number } of this.payments) {
      (told.get(payer) as Record<string, number>)[`${token} Debit-Notice ${quantity} ${number}`] = 1;
      (told.get(payee) as Record<string, number>)[`${token} Credit-Notice ${quantity} ${number}`] = 1;
      const balances = accounts.get(token) as Map<string, number>;
      balances.set(payer, (balances.get(payer) ?? 0) - quantity);
      balances.set(payee, (balances.get(payee) ?? 0) + quantity);
    }
    return {
      mustBeTold: Object.fromEntries([...told].map(([holder, notices]) => [holder, sorted(notices)])),
      mustBe: Object.fromEntries(
        [...accounts].map(([token, balances]) => [
          token,
          sorted(Object.fromEntries([...balances].map(([holder, balance]) => [holder, String(balance)]))),
        ]),
      ),
    };
  }

  async #pay(): Promise<void> {
    const number = this.payments.length;
    const [payer, payee] = [pick(this.#holders, number), pick(this.#holders, number * 5 + 3)];
    const payment = { number, token: pick(this.#tokens, number), payer, payee, quantity: 1 + (number % 97) };
    this.payments.push(payment);
    const { id } = await this.#send(payer, {
      Action: 'Pay',
      Token: payment.token,
      Payee: payee,
      Quantity: String(payment.quantity),
      Payment: String(number),
    });
    await this.#delivered(id);
  }

  async #spawn(source: string): Promise<string> {
    const { module, scheduler, authority } = this.#file;
    const tags = {
      Type: 'Process',
      Module: module,
      Scheduler: scheduler,
      Authority: authority,
      'On-Boot': 'Data',
    };
    const { id } = await this.#item(tags, { data: source });
    await this.#result(id, id);
    return id;
  }

  async #send(
    process: string,
    tags: Record<string, string>,
    data = ' ',
  ): Promise<{ id: string; result: Result }> {
    const { id } = await this.#item({ Type: 'Message', ...tags }, { target: process, data });
    return { id, result: await this.#result(process, id) };
  }

  /** What Lua gives in a process. */
  async #eval(process: string, lua: string): Promise<string> {
    const { result } = await this.#send(process, { Action: 'Eval' }, lua);
    return outputText(result.Output);
  }

  /** Signs an item and posts it. */
  async #item(tags: Record<string, string>, content: { target?: string; data: string }): Promise<DataItem> {
    const all = { 'Data-Protocol': 'ao', Variant: 'ao.TN.1', ...tags };
    const list = Object.entries(all).map(([name, value]) => ({ name, value }));
    const anchor = randomBytes(16).toString('hex');
    const item = await createDataItem({ ...content, anchor, tags: list }, this.#signer);
    await this.#request(`${this.#file.mu}/`, item.raw);
    return item;
  }

  async #result(process: string, id: string): Promise<Result> {
    const result = (await this.#request(`${this.#file.cu}/result/${id}?process-id=${process}`)) as Result;
    if (result.Error) throw new Error(`${id} in ${process}: ${JSON.stringify(result)}`);
    return result;
  }

  /** Waits until everything the payment causes has arrived, so that the load is no faster than the network. */
  async #delivered(id: string): Promise<void> {
    for (;;) {
      const { nodes } = (await this.#request(`${this.#file.mu}/messages/${id}`)) as {
        nodes: { state: string }[];
      };
      if (nodes.every(({ state }) => state === 'done' || state === 'dead')) return;
      await pause();
    }
  }

  async #request(url: string, item?: Uint8Array): Promise<unknown> {
    for (;;) {
      const { patient } = this;
      const answer = await this.#attempt(url, item);
      if ('body' in answer) return answer.body;
      if (!patient && !this.patient) this.failures.push(`${url}: ${answer.failure}`);
      await pause();
    }
  }

  async #attempt(url: string, item?: Uint8Array): Promise<{ body: unknown } | { failure: string }> {
    try {
      const response = await fetch(
        url,
        item && {
          method: 'POST',
          headers: { 'content-type': 'application/octet-stream' },
          body: Uint8Array.from(item),
        },
      );
      const text = await response.text();
      return response.ok ? { body: JSON.parse(text) } : { failure: `${response.status} ${text}` };
    } catch (error) {
      return { failure: String((error as Error).cause ?? error) };
    }
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 150));

function times<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

function each<T, R>(list: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  return Promise.all(list.map(work));
}

function pick(list: readonly string[], index: number): string {
  return list[index % list.length] as string;
}

function sorted<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1));
}
