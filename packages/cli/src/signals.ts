/** Exit codes that shells know: 128 and the number of the signal. */
const CODES = { SIGINT: 130, SIGTERM: 143 };

/** The exit code of a program that a signal ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return CODES[signal as keyof typeof CODES];
}

function end(signal: NodeJS.Signals): void {
  process.exit(exitCodeOf(signal));
}

/** Ctrl-C ends whatever is under way; what was begun on disk is removed when the program exits. */
export function endOnSignals(): void {
  for (const signal of Object.keys(CODES)) process.on(signal, end);
}

/** Resolves with the signal from now on, for a command that has something to stop first. */
export function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of Object.keys(CODES)) process.off(signal, end).once(signal, resolve);
  });
}
