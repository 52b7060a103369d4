#!/usr/bin/env node
// Written by hand, not built, so that npm can link it before the first build.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(
    `ao needs Node 22.15 or later, and this is ${process.version}. In its repository "npx ao" brings its own.`,
  );
  process.exit(1);
}
const main = new URL('../dist/main.js', import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  console.error('ao is not built yet: run "npm start" (or "npm run build") in its repository once.');
  process.exit(1);
}
// Most of the start is compiling, and the same every time. The folder is the user's own, for what is in it is run; threads
// and the programs of tests find it by the variable. Where it can not be written, nothing is kept.
const { HOME, NODE_COMPILE_CACHE, XDG_CACHE_HOME } = process.env;
const base = XDG_CACHE_HOME || HOME;
if (!NODE_COMPILE_CACHE && base && existsSync(base)) {
  process.env.NODE_COMPILE_CACHE = join(base, XDG_CACHE_HOME ? 'ao' : '.cache/ao');
  module.enableCompileCache();
}
await import(main.href);
