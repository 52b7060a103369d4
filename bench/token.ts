import { readFile } from 'node:fs/promises';
import { compileModule, type Instance, instantiate, parseOutput } from '@ao-ts/core/loader';
import { moduleTags } from '@ao-ts/lua';
import { environment, evaluation, spawnMessage } from './lua-messages.ts';

const FORMAT = moduleTags.find((tag) => tag.name === 'Module-Format')?.value ?? '';
const ENV = JSON.stringify(environment);

/** The address of a holder of the token. */
const holder = (index: number) => `holder-${String(index).padStart(36, '0')}`;

/** The token example with this many balances, on the loader that the compute unit uses. */
export class Token {
  readonly #instance: Instance;
  readonly #balances: number;
  #sent = 0;

  private constructor(instance: Instance, balances: number) {
    this.#instance = instance;
    this.#balances = balances;
  }

  static async with(balances: number, binary: Uint8Array): Promise<Token> {
    const token = new Token(instantiate(await compileModule(binary, { format: FORMAT })), balances);
    token.#handle(JSON.stringify(spawnMessage));
    const program = await readFile(new URL('../examples/token/token.lua', import.meta.url), 'utf8');
    token.#handle(JSON.stringify(evaluation(program)));
    const fill = `for i = 0, ${balances - 1} do Balances[("holder-%036d"):format(i)] = "1000000000000" end`;
    token.#handle(JSON.stringify(evaluation(fill)));
    return token;
  }

  get instance(): Instance {
    return this.#instance;
  }

  /** One holder sends tokens to another. Which they are changes from message to message, over all of them. */
  transfer(): void {
    const at = this.#sent++;
    const from = holder((at * 7919) % this.#balances);
    const to = holder((at * 104_729 + 1) % this.#balances);
    this.#handle(
      JSON.stringify({
        ...evaluation(''),
        From: from,
        Owner: from,
        Nonce: at + 3,
        Tags: [
          { name: 'Action', value: 'Transfer' },
          { name: 'Recipient', value: to },
          { name: 'Quantity', value: '1' },
        ],
      }),
    );
  }

  #handle(message: string): void {
    const { ok, response } = parseOutput(this.#instance.handle(message, ENV));
    const problem = ok ? (response as { Error?: string }).Error : response;
    if (problem !== undefined) throw new Error(String(problem));
  }
}
