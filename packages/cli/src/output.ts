import { errorText, type OutboxEntry, outputText, type Result, tagValue } from '@ao-ts/network';

const PREVIEW = 200;

/** The prompt a process shows in a console, if its output carries one. */
export function promptOf(output: unknown): string | undefined {
  const { prompt, data } = (output ?? {}) as { prompt?: unknown; data?: { prompt?: unknown } };
  const found = prompt ?? data?.prompt;
  return typeof found === 'string' ? found : undefined;
}

/** True for output that a console shows though nobody there asked for it. */
export function isPrinted(output: unknown): boolean {
  return (output as { print?: unknown } | null | undefined)?.print === true;
}

/** A result for a person: what was printed, then a line for each entry of the outbox. */
export function resultText(result: Partial<Result>): string {
  const failed = errorText(result);
  if (failed !== undefined) return failed;
  const lines = [
    outputText(result.Output),
    ...(result.Messages ?? []).map((entry) => `-> ${entry.Target ?? '(nobody)'}  ${summary(entry)}`),
    ...(result.Spawns ?? []).map((entry) => `-> a new process  ${summary(entry)}`),
    ...(result.Assignments ?? []).map(({ Processes, Message }) => `-> ${Processes.join(', ')}  ${Message}`),
  ];
  return lines.filter((line) => line !== '').join('\n');
}

function summary(entry: OutboxEntry): string {
  const action = tagValue(entry, 'Action');
  const data = String(entry.Data ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const preview = data.length > PREVIEW ? `${data.slice(0, PREVIEW)}…` : data;
  return [action, preview].filter(Boolean).join(': ');
}

const COLOUR = new RegExp(`${'\u001b'}\\[[\\d;]*m`, 'g');
const CONTROL = /(?![\n\t])\p{Cc}/gu;

/**
 * What a process wrote, fit to be shown: a terminal gets its colours, everything else plain text. No other control characters
 * get through, for they could move the cursor, or type for the person who reads.
 */
export function shown(
  text: string,
  colours = Boolean(process.stdout.isTTY && !process.env.NO_COLOR),
): string {
  const plain = (part: string) => part.replaceAll(CONTROL, '');
  if (!colours) return plain(text.replaceAll(COLOUR, ''));
  const marks = text.match(COLOUR) ?? [];
  return text
    .split(COLOUR)
    .map((part, i) => plain(part) + (marks[i] ?? ''))
    .join('');
}

/** Prints text for a person, or with `--json` one line of JSON for a program. */
export function print(options: { json?: boolean }, text: string, value: unknown): void {
  if (options.json) console.log(JSON.stringify(value));
  else if (text !== '') console.log(shown(text));
}

/** Says on a terminal what is being waited for, and how long, if it takes more than a second. */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work;
  let seconds = 0;
  const timer = setInterval(() => {
    seconds += 1;
    process.stderr.write(`\r${what} … ${seconds} s`);
  }, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (seconds > 0) process.stderr.write('\r\x1b[K');
  }
}
