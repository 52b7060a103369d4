import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { addNetworkOptions, type Client, clientFor } from '../client.ts';
import { explain } from '../failure.ts';
import { errorText, isPrinted, outputText, promptOf } from '../output.ts';

/** How often the process is asked for what it printed meanwhile. */
const LIVE_MS = 500;
const DEFAULT_PROMPT = 'ao> ';
const HELP = `.load <file>   run a Lua file in the process
.exit          leave (also Ctrl-D)`;

export function consoleCommand(): Command {
  const command = new Command('console')
    .description('an interactive console on a process you own; messages show as they arrive')
    .argument('<process>', 'its id')
    .action(async (processId: string, options: { network?: string; wallet?: string }) => {
      await runConsole(await clientFor(options), processId);
    });
  return addNetworkOptions(command);
}

async function runConsole(client: Client, processId: string): Promise<void> {
  let cursor = await client.lastCursor(processId);
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: DEFAULT_PROMPT });

  let closed = false;
  lines.once('close', () => {
    closed = true;
  });
  const prompt = (keepCursor = false) => {
    if (!closed) lines.prompt(keepCursor);
  };

  /** Prints above the line being typed, and leaves that line as it was. */
  const show = (text: string) => {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
    console.log(text);
    prompt(true);
  };

  const evaluate = async (lua: string) => {
    const id = await client.message(processId, { tags: [{ name: 'Action', value: 'Eval' }], data: lua });
    const result = await client.result(processId, id);
    lines.setPrompt(promptOf(result.Output) ?? lines.getPrompt());
    const text = errorText(result) ?? outputText(result.Output);
    if (text) console.log(text);
  };

  const handle = async (line: string) => {
    if (line === '') return;
    if (line === '.help') return console.log(HELP);
    if (line.startsWith('.load ')) return evaluate(await readFile(line.slice(6).trim(), 'utf8'));
    await evaluate(line);
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
      if (line.trim() === '.exit') break;
      try {
        await handle(line.trim());
      } catch (error) {
        console.error(explain(error));
      }
      prompt();
    }
  } finally {
    clearInterval(live);
    lines.close();
  }
}
