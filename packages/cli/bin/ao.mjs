#!/usr/bin/env node
// Written by hand, not built, so that npm can link it before the first build.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/main.js', import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  console.error('ao is not built yet: run "npm start" (or "npm run build") in its repository once.');
  process.exit(1);
}
await import(main.href);
