import type { Result } from './client.ts';

/** What an evaluation printed or returned, as text. */
export function outputText(output: unknown): string {
  if (output === undefined || output === null) return '';
  if (typeof output !== 'object') return String(output);
  const { data } = output as { data?: unknown };
  if (data === undefined) return JSON.stringify(output);
  if (typeof data === 'object' && data !== null) {
    const { output: text } = data as { output?: unknown };
    return text === undefined ? JSON.stringify(data) : String(text);
  }
  return String(data);
}

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

/** The error of an evaluation as text, or undefined if it went well. */
export function errorText(result: Partial<Result>): string | undefined {
  const error = result.Error;
  if (error === undefined || error === null || error === '') return undefined;
  return typeof error === 'string' ? error : JSON.stringify(error);
}
