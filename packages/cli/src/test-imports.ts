import { registerHooks } from 'node:module';
import { endOnSignals } from './signals.ts';

const KIT = '@ao-ts/network';
const kit = import.meta.resolve(KIT);

// Node's runner starts a program for each file, and stops it by a signal: its networks then have to go with it.
if (process.env.NODE_TEST_CONTEXT) endOnSignals();

// A test beside its own installation of the kit gets that one.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== KIT) return next(specifier, context);
    try {
      return next(specifier, context);
    } catch {
      return { url: kit, shortCircuit: true };
    }
  },
});
