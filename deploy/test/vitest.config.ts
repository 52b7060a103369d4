import { defineConfig } from 'vitest/config';

/** What needs a Docker engine: `npm run test:docker`. */
export default defineConfig({
  test: { include: ['deploy/test/*.test.ts'], testTimeout: 300_000, hookTimeout: 1_800_000 },
});
