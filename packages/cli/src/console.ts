import { appendFile, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { type Client, errorText, outputText, readProgram } from '@ao-ts/network';
import { notRun } from './commands/eval.ts';
import { Completion } from './completion.ts';
import { explain } from './failure.ts';
import { isPrinted, promptOf, shown } from './output.ts';

/** How often the process is asked for what it printed meanwhile. */
const LIVE_MS = 500;
const HISTORY_LINES = 1000;
const DEFAULT_PROMPT = 'ao> ';
const HELP = `.load <file>   run a Lua file in the process, with the files it requires
.editor        type several lines; .done runs them, .cancel forgets them
.exit          leave (also Ctrl-D, or Ctrl-C on an empty line)
A line that is not complete goes on in the next one; an empty line ends it. Tab completes names.`;

export interface Terminal {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream & { isTTY?: boolean };
}

/** A person's conversation with a process: lines of Lua go in, what it gives comes out, and what it prints meanwhile. */
export class Console {
  readonly #client: Client;
  readonly #process: string;
  readonly #output: Terminal['output'];
  readonly #historyFile: string;
  readonly #lines: Interface;
  #closed = false;
  /** What the process wants to be asked with. */
  #prompt = DEFAULT_PROMPT;
  /** Lines typed so far of something longer; in the editor, until `.done`. */
  #pending: string[] = [];
  #editing = false;
  /** Ends the waiting for the line that is being evaluated. */
  #interrupt: (() => void) | undefined;
  /** Counts what was interrupted: an answer to an earlier turn comes too late. */
  #turn = 0;
  /** The newest result that was seen. */
  #cursor: string | undefined;

  private constructor(client: Client, process: string, { input, output }: Terminal, history: string[]) {
    this.#client = client;
    this.#process = process;
    this.#output = output;
    this.#historyFile = historyFile(client);
    const completion = new Completion(client, process);
    this.#lines = createInterface({
      input,
      output,
      terminal: output.isTTY === true,
      history,
      historySize: HISTORY_LINES,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        completion.complete(line).then((result) => done(null, result));
      },
    });
    this.#lines.once('close', () => {
      this.#closed = true;
    });
    this.#lines.on('SIGINT', () => this.#cancel());
  }

  /** Runs until the input ends, or `.exit`. @throws AoError if the process can not be asked */
  static async run(client: Client, process: string, terminal: Terminal): Promise<void> {
    const newest = await client.latestResults(process, 1);
    const started = new Console(client, process, terminal, await readHistory(historyFile(client)));
    started.#cursor = newest[0]?.cursor;
    await started.#run();
  }

  async #run(): Promise<void> {
    const live = this.#showLive();
    this.#print('Lua goes to the process; .help shows what else there is.');
    this.#ask();
    try {
      for await (const line of this.#lines) {
        if (!this.#editing && line.trim() === '.exit') break;
        if (line.trim() !== '') await remember(this.#historyFile, line);
        await this.#answer(line);
        this.#ask();
      }
      // The input ended in the middle of something: it is run, so that nothing typed is lost without a word.
      if (this.#pending.length > 0 && !this.#editing) await this.#evaluate(this.#pending.join('\n'));
    } finally {
      clearInterval(live);
      this.#lines.close();
    }
  }

  #print(text: string): void {
    if (text !== '') this.#output.write(`${shown(text, this.#output.isTTY === true)}\n`);
  }

  #ask(keepCursor = false): void {
    if (this.#closed) return;
    this.#lines.setPrompt(this.#editing || this.#pending.length > 0 ? '... ' : this.#prompt);
    this.#lines.prompt(keepCursor);
  }

  /** Ctrl-C: ends the waiting, or forgets what is typed, or leaves. */
  #cancel(): void {
    if (this.#interrupt) {
      this.#interrupt();
      return;
    }
    if (this.#lines.line === '' && this.#pending.length === 0 && !this.#editing) {
      this.#lines.close();
      return;
    }
    this.#pending = [];
    this.#editing = false;
    this.#lines.write(null, { ctrl: true, name: 'u' });
    this.#output.write('\n');
    this.#ask();
  }

  async #answer(line: string): Promise<void> {
    const interrupted = new Promise<void>((resolve) => {
      this.#interrupt = resolve;
    }).then(() => {
      this.#turn += 1;
      this.#print('\nNo longer waiting. What was sent is still evaluated: its result will be in "ao logs".');
    });
    try {
      await Promise.race([this.#handle(line), interrupted]);
    } catch (error) {
      this.#print(`error: ${explain(error)}`);
    }
    this.#interrupt = undefined;
  }

  async #handle(line: string): Promise<void> {
    if (this.#editing) return this.#edit(line);
    if (this.#pending.length === 0) {
      if (line.trim() === '') return;
      const [, command, argument = ''] = /^\.([a-z]+)(?:\s+(.*))?$/.exec(line.trim()) ?? [];
      if (command !== undefined) return this.#command(command, argument);
    }
    const source = [...this.#pending, line].join('\n');
    this.#pending = [];
    // An empty line ends what is not complete, and shows what is wrong with it.
    if (!(await this.#evaluate(source, line.trim() !== ''))) this.#pending = source.split('\n');
  }

  async #edit(line: string): Promise<void> {
    if (line.trim() !== '.done' && line.trim() !== '.cancel') {
      this.#pending.push(line);
      return;
    }
    const source = this.#pending.join('\n');
    this.#pending = [];
    this.#editing = false;
    if (line.trim() === '.done') await this.#evaluate(source);
  }

  async #command(command: string, argument: string): Promise<void> {
    if (command === 'help') return this.#print(HELP);
    if (command === 'load' && argument !== '') {
      await this.#evaluate(await readProgram(argument));
    } else if (command === 'editor') {
      this.#editing = true;
      this.#print('.done runs what you type, .cancel forgets it.');
    } else {
      this.#print(`There is no .${command} like this. There is:\n${HELP}`);
    }
  }

  /** False if the source is only the beginning of something. */
  async #evaluate(lua: string, mayContinue = false): Promise<boolean> {
    const turn = this.#turn;
    const result = await this.#client.eval(this.#process, lua);
    if (turn !== this.#turn) return true;
    if (isPrinted(result.Output)) throw notRun(this.#process, this.#client.address);
    const failed = errorText(result);
    if (mayContinue && failed?.trimEnd().endsWith('near <eof>')) return false;
    this.#prompt = shown(promptOf(result.Output) ?? this.#prompt, this.#output.isTTY === true);
    this.#print(failed ?? outputText(result.Output));
    return true;
  }

  /** Shows what the process prints without being asked, above the line that is being typed. */
  #showLive(): NodeJS.Timeout {
    let polling = false;
    return setInterval(async () => {
      if (polling) return;
      polling = true;
      try {
        for (const { cursor, node } of await this.#client.resultsAfter(this.#process, this.#cursor)) {
          this.#cursor = cursor;
          if (!isPrinted(node.Output)) continue;
          if (this.#output.isTTY) this.#output.write('\r\x1b[K');
          this.#print(outputText(node.Output));
          this.#ask(true);
        }
      } catch {
        // The unit may be away for a moment; what a person types says so loudly enough.
      } finally {
        polling = false;
      }
    }, LIVE_MS);
  }
}

function historyFile(client: Client): string {
  return join(dirname(client.network.wallet), 'console-history');
}

/** The newest line first. */
async function readHistory(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).slice(-HISTORY_LINES).reverse();
}

async function remember(file: string, line: string): Promise<void> {
  // A console without a history is better than none.
  await appendFile(file, `${line}\n`, { mode: 0o600 }).catch(() => {});
}
