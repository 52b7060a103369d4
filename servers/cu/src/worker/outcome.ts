import { AoError } from '@ao-ts/core';
import { parseOutput } from '@ao-ts/core/loader';

/** What one evaluation gave. */
export interface Outcome {
  /** The result as `/result` answers it: JSON text. */
  body: string;
  /** The result carries an `Error`: it is hidden from lists. */
  failed: boolean;
  gasUsed: number;
  /** Whether the memory moves on. If not, it goes back to what it was before the message. */
  kept: boolean;
}

const OUT_OF_MEMORY = 'not enough memory for buffer allocation';

/** The result of a message that was not evaluated because it came twice. */
export const EMPTY_RESULT = JSON.stringify({ Messages: [], Assignments: [], Spawns: [], Output: '' });

/**
 * Turns the text a module returned into a result. Keys stand in the order clients have always seen them.
 * @throws AoError `EVAL.OUTPUT_NOT_JSON`
 */
export function readOutcome(text: string, gasUsed: number): Outcome {
  const { ok, response } = parseOutput(text);
  if (!ok) return failure(response);
  if (typeof response !== 'object' || response === null)
    return failure(`unexpected result: ${text.slice(0, 200)}`);
  const {
    Messages = [],
    Assignments = [],
    Spawns = [],
    Output,
    Error: error,
  } = response as Record<string, unknown>;
  const output = typeof Output === 'number' ? String(Output) : (Output ?? '');
  const failed = Boolean(error);
  return {
    body: JSON.stringify({
      Messages: Messages ?? [],
      Assignments: Assignments ?? [],
      Spawns: Spawns ?? [],
      Output: output,
      GasUsed: gasUsed,
      Error: error,
    }),
    failed,
    gasUsed,
    kept: !failed && !ranOutOfMemory(output),
  };
}

/** The result of an evaluation that failed with `error`: the reason a module gave, or what stopped it. */
export function failure(error: unknown): Outcome {
  const body = JSON.stringify({
    Messages: [],
    Assignments: [],
    Spawns: [],
    Output: '',
    Error: describe(error) || 'the evaluation failed without a reason',
  });
  return { body, failed: true, gasUsed: 0, kept: false };
}

function describe(error: unknown): unknown {
  if (!(error instanceof AoError)) return error;
  if (error.code !== 'EVAL.EXIT') return error.message;
  return { name: 'ExitStatus', message: error.message, status: error.facts.status };
}

/** Old modules say it in their output: a text, or the `output` of its `data`. */
function ranOutOfMemory(output: unknown): boolean {
  const shown =
    typeof output === 'string' ? output : (output as { data?: { output?: unknown } }).data?.output;
  return typeof shown === 'string' && shown.endsWith(OUT_OF_MEMORY);
}
