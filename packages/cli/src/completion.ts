import { type Client, outputText } from '@ao-ts/network';

const PATH = /([A-Za-z_][\w]*(?:[.:][A-Za-z_]\w*)*[.:]?)$/;

/** Names of the process's globals and of what is in them, for the Tab key. Asked by dry-run: nothing is scheduled. */
export class Completion {
  readonly #client: Client;
  readonly #process: string;

  constructor(client: Client, process: string) {
    this.#client = client;
    this.#process = process;
  }

  /** What the end of the line could become, and that end. */
  async complete(line: string): Promise<[string[], string]> {
    const typed = PATH.exec(line)?.[1] ?? '';
    const [, parent = '', begun = ''] = /^(.*[.:])?(\w*)$/.exec(typed) ?? [];
    const names = await this.#names(parent.slice(0, -1).split(/[.:]/).filter(Boolean));
    return [names.filter((name) => name.startsWith(begun)).map((name) => parent + name), typed];
  }

  async #names(path: string[]): Promise<string[]> {
    const keys = path.map((name) => `'${name}'`).join(', ');
    const lua = `local at = _G
      for _, key in ipairs({ ${keys} }) do at = type(at) == 'table' and at[key] end
      local names = {}
      for name in pairs(type(at) == 'table' and at or {}) do
        if type(name) == 'string' and name:find('^[%a_][%w_]*$') then names[#names + 1] = name end
      end
      table.sort(names)
      return table.concat(names, ' ')`;
    try {
      const { Output } = await this.#client.dryRun(this.#process, { Action: 'Eval' }, lua);
      return outputText(Output).split(' ').filter(Boolean);
    } catch {
      // The Tab key is no place for errors.
      return [];
    }
  }
}
