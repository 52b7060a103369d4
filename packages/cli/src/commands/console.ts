import { appendFile, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Client, errorText, outputText, readProgram } from '@ao-ts/network';
import { Command } from 'commander';
import { Completion } from '../completion.ts';
import { explain } from '../failure.ts';
import { addNetworkOptions, clientFor, id, type NetworkOptions } from '../options.ts';
import { isPrinted, promptOf, shown } from '../output.ts';
import { notRun } from './eval.ts';

/** How often the process is asked for what it printed meanwhile. */
const LIVE_MS = 500;
const HISTORY_LINES = 1000;
const DEFAULT_PROMPT = 'ao> ';
const HELP = `.load <file>   run a Lua file in the process, with the files it requires
.editor        type several lines; .done runs them, .cancel forgets them
.exit          leave (also Ctrl-D, or Ctrl-C on an empty line)
A line that is not complete goes on in the next one; an empty line ends it. Tab completes names.`;

export function consoleCommand(): Command {
  const command = new Command('console')
    .description('an interactive console on a process you own; messages show as they arrive')
    .argument('<process>', 'its id', id)
    .action(async (processId: string, options: NetworkOptions) => {
      await runConsole(await clientFor(options), processId);
    });
  return addNetworkOptions(command);
}

async function runConsole(client: Client, processId: string): Promise<void> {
  let cursor = (await client.latestResults(processId, 1))[0]?.cursor;
  const historyFile = join(dirname(client.network.wallet), 'console-history');
  const completion = new Completion(client, processId);
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: DEFAULT_PROMPT,
    history: await readHistory(historyFile),
    historySize: HISTORY_LINES,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
      completion.complete(line).then((result) => done(null, result));
    },
  });
  let closed = false;
  lines.once('close', () => {
    closed = true;
  });

  let basePrompt = DEFAULT_PROMPT;
  /** Lines typed so far of something longer; in the editor, until `.done`. */
  let pending: string[] = [];
  let editing = false;

  const prompt = (keepCursor = false) => {
    if (closed) return;
    lines.setPrompt(editing || pending.length > 0 ? '... ' : basePrompt);
    lines.prompt(keepCursor);
  };
  /** Ends the waiting for the line that is being evaluated. */
  let interrupt: (() => void) | undefined;
  let turn = 0;
  lines.on('SIGINT', () => {
    if (interrupt) return interrupt();
    if (lines.line === '' && pending.length === 0 && !editing) return lines.close();
    pending = [];
    editing = false;
    lines.write(null, { ctrl: true, name: 'u' });
    console.log();
    prompt();
  });

  /** Prints above the line being typed, and leaves that line as it was. */
  const show = (text: string) => {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
    console.log(shown(text));
    prompt(true);
  };

  /** False if the source is only the beginning of something. */
  const evaluate = async (lua: string, mayContinue = false): Promise<boolean> => {
    const mine = turn;
    const result = await client.eval(processId, lua);
    if (mine !== turn) return true;
    if (isPrinted(result.Output)) throw notRun(processId, client.address);
    const failed = errorText(result);
    if (mayContinue && failed?.trimEnd().endsWith('near <eof>')) return false;
    basePrompt = shown(promptOf(result.Output) ?? basePrompt);
    const text = failed ?? outputText(result.Output);
    if (text) console.log(shown(text));
    return true;
  };

  const handle = async (line: string) => {
    if (editing) {
      if (line.trim() !== '.done' && line.trim() !== '.cancel') return pending.push(line);
      const source = pending.join('\n');
      pending = [];
      editing = false;
      return line.trim() === '.done' && evaluate(source);
    }
    if (pending.length === 0) {
      if (line.trim() === '') return;
      if (line.trim() === '.help') return console.log(HELP);
      if (line.trim() === '.editor') {
        editing = true;
        return console.log('.done runs what you type, .cancel forgets it.');
      }
      const [, command, argument = ''] = /^\.([a-z]+)(?:\s+(.*))?$/.exec(line.trim()) ?? [];
      if (command === 'load' && argument) return evaluate(await readProgram(argument));
      if (command) return console.log(`There is no .${command} like this. There is:\n${HELP}`);
    }
    const source = [...pending, line].join('\n');
    pending = [];
    // An empty line ends what is not complete, and shows what is wrong with it.
    if (!(await evaluate(source, line.trim() !== ''))) pending = source.split('\n');
  };

  const stopWaiting = () => {
    turn += 1;
    console.log('\nNo longer waiting. What was sent is still evaluated: its result will be in "ao logs".');
  };

  let polling = false;
  const live = setInterval(async () => {
    if (polling) return;
    polling = true;
    try {
      for (const edge of await client.resultsAfter(processId, cursor)) {
        cursor = edge.cursor;
        if (isPrinted(edge.node.Output)) show(outputText(edge.node.Output));
      }
    } catch {
      // The unit may be away for a moment; what a person types says so loudly enough.
    } finally {
      polling = false;
    }
  }, LIVE_MS);

  console.log('Lua goes to the process; .help shows what else there is.');
  prompt();
  try {
    for await (const line of lines) {
      if (!editing && line.trim() === '.exit') break;
      if (line.trim() !== '') await remember(historyFile, line);
      const interrupted = new Promise<void>((resolve) => {
        interrupt = resolve;
      });
      try {
        await Promise.race([handle(line), interrupted.then(stopWaiting)]);
      } catch (error) {
        console.error(`error: ${explain(error)}`);
      }
      interrupt = undefined;
      prompt();
    }
    // The input ended in the middle of something: it is run, so that nothing typed is lost without a word.
    if (pending.length > 0 && !editing) await evaluate(pending.join('\n'));
  } finally {
    clearInterval(live);
    lines.close();
  }
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
