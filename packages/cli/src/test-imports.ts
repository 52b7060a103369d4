import { registerHooks } from 'node:module';

const KIT = '@ao-ts/network';
const kit = import.meta.resolve(KIT);

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
