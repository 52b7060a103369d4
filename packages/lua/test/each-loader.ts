import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { type LoadOptions, libraryModule, loaders } from './loaders.ts';
import { TestProcess } from './test-process.ts';

export interface Run {
  /** A process whose spawn message is handled already: a new one for each test, unless they share it. */
  process: TestProcess;
  /** Another process, which has handled nothing yet. */
  start(processTags?: Record<string, string>, options?: LoadOptions): Promise<TestProcess>;
}

/** The same tests on the network's own loader and on this project's, for each target. */
export function onEachLoader(title: string, tests: (run: Run) => void, { shared = false } = {}): void {
  const before = shared ? beforeAll : beforeEach;
  const after = shared ? afterAll : afterEach;
  describe.each(loaders)(`${title} on $name`, (loader) => {
    const run = {
      start: async (processTags, options) =>
        TestProcess.load(loader, await libraryModule(loader.target), processTags, options),
    } as Run;

    before(async () => {
      run.process = await run.start();
      await run.process.spawn();
    });

    after(async () => {
      await run.process[Symbol.asyncDispose]();
    });

    tests(run);
  });
}
