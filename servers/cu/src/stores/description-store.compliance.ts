import { expect, test } from 'vitest';
import type { DescriptionStore } from '../domain/description-store.ts';

/** What every engine of a description store has to do. `open` gives an empty one. */
export function descriptionStoreCompliance(
  name: string,
  open: () => Promise<{ store: DescriptionStore; close: () => Promise<void> }>,
): void {
  test(`description store: ${name}: keeps processes and modules as they were first told`, async () => {
    const { store, close } = await open();
    const tags = [{ name: 'a\0b', value: '\ud83d\ude00 "' }];
    const module = { id: 'same', owner: 'o', tags };
    const process = {
      ...module,
      signature: null,
      anchor: 'a',
      moduleId: 'm',
      origin: { blockHeight: 1, timestamp: 2 ** 50 },
    };
    expect(await store.process('same')).toBeUndefined();
    await store.saveProcess(process);
    expect(await store.module('same')).toBeUndefined();
    await store.saveModule(module);
    await Promise.all([
      store.saveProcess({ ...process, owner: 'other' }),
      store.saveModule({ ...module, owner: 'other' }),
    ]);
    expect(await store.process('same')).toEqual(process);
    expect(await store.module('same')).toEqual(module);
    await close();
  });
}
