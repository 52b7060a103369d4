import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble, bytes, FORMAT, type Program, program } from '../../test/loader/wat.ts';
import { compileModule, type Instance, instantiate, MARKED_PAGE, markWrites } from './index.ts';

const MEMORY = { pages: 4, from: 0x1_8000, to: 0x3_0000 };
const STORES = [
  ['i32.store8', 'i32.const 7'],
  ['i32.store16', 'i32.const 7000'],
  ['i32.store', 'i32.const 70000000'],
  ['i64.store8', 'i64.const 7'],
  ['i64.store16', 'i64.const 7000'],
  ['i64.store32', 'i64.const 70000000'],
  ['i64.store', 'i64.const -7'],
  ['f32.store', 'f32.const 1.5'],
  ['f64.store', 'f64.const 2.5'],
  ['v128.store', 'v128.const i64x2 -7 -8'],
] as const;

const address = fc.integer({ min: MEMORY.from, max: MEMORY.to });
const offset = fc.oneof(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 0, max: 9000 }));
const local = fc.constantFrom('$a', '$b');
const count = fc.integer({ min: 0, max: 9000 });

/** Statements in which the base of a write is a local, changed or not, or something computed. */
function statements(p: 'i32' | 'i64'): fc.Arbitrary<string> {
  const { statement } = fc.letrec<{ statement: string; many: string }>((tie) => ({
    many: fc.array(tie('statement'), { maxLength: 4 }).map((all) => all.join('\n')),
    statement: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc
        .tuple(fc.constantFrom(...STORES), local, offset)
        .map(([[store, value], base, at]) => `(${store} offset=${at} (local.get ${base}) (${value}))`),
      fc
        .tuple(fc.constantFrom(...STORES), local, offset, fc.integer({ min: 0, max: 5000 }))
        .map(
          ([[store, value], base, at, more]) =>
            `(${store} offset=${at} (${p}.add (local.get ${base}) (${p}.const ${more})) (${value}))`,
        ),
      fc.tuple(local, offset, address).map(
        ([base, at, next]) =>
          // The value changes the local whose old value is the base.
          `(${p}.store offset=${at} (local.get ${base}) (local.tee ${base} (${p}.const ${next})))`,
      ),
      fc
        .tuple(local, offset, address)
        .map(
          ([base, at, next]) =>
            `(i32.store offset=${at} (local.tee ${base} (${p}.const ${next})) (i32.const 9))`,
        ),
      fc.tuple(local, address).map(([base, next]) => `(local.set ${base} (${p}.const ${next}))`),
      fc
        .tuple(address, count)
        .map(([at, n]) => `(memory.fill (${p}.const ${at}) (i32.const 3) (${p}.const ${n}))`),
      fc
        .tuple(address, address, count)
        .map(([to, from, n]) => `(memory.copy (${p}.const ${to}) (${p}.const ${from}) (${p}.const ${n}))`),
      fc
        .tuple(address, fc.integer({ min: 0, max: 20 }))
        .map(([to, n]) => `(memory.init $bytes (${p}.const ${to}) (i32.const 0) (i32.const ${n}))`),
      fc
        .tuple(local, tie('many'), tie('many'))
        .map(
          ([base, yes, no]) =>
            `(if (i32.and (i32.load8_u (local.get ${base})) (i32.const 1)) (then ${yes}) (else ${no}))`,
        ),
      fc
        .tuple(local, tie('many'))
        .map(([base, inside]) => `(block $out (br_if $out (i32.load8_u (local.get ${base}))) ${inside})`),
      tie('many').map(
        (inside) => `(loop $again ${inside}
          (global.set $turns (i32.add (global.get $turns) (i32.const 1)))
          (br_if $again (i32.lt_u (global.get $turns) (i32.const 12))))`,
      ),
    ),
  }));
  return fc
    .tuple(fc.array(statement, { minLength: 1, maxLength: 12 }), address, address)
    .map(
      ([all, a, b]) => `(local.set $a (${p}.const ${a})) (local.set $b (${p}.const ${b})) ${all.join('\n')}`,
    );
}

async function instances(source: Program): Promise<{ plain: Instance; marked: Instance }> {
  const binary = await assemble(program({ memory: `${MEMORY.pages} 20`, ...source }));
  const format = source.wide ? FORMAT.wasm64 : FORMAT.v4;
  const [plain, marked] = await Promise.all(
    [binary, markWrites(binary)].map((module) => compileModule(module, { format })),
  );
  if (!plain || !marked) throw new Error('unreachable');
  return { plain: instantiate(plain), marked: instantiate(marked) };
}

function changedPages(before: Uint8Array, after: Uint8Array): number[] {
  const pages: number[] = [];
  for (let start = 0; start < after.length; start += MARKED_PAGE) {
    const end = start + MARKED_PAGE;
    if (Buffer.compare(before.subarray(start, end), after.subarray(start, end)) !== 0)
      pages.push(start / MARKED_PAGE);
  }
  return pages;
}

describe.each([
  ['32', 'i32'],
  ['64', 'i64'],
] as const)('markWrites, %s-bit addresses', (_, p) => {
  const wide = p === 'i64';

  it('computes the same, and marks at least what changed', async () => {
    await fc.assert(
      fc.asyncProperty(statements(p), async (body) => {
        const fields = `(global $turns (mut i32) (i32.const 0)) (data $bytes "twenty bytes of data")
          (func $work (local $a ${p}) (local $b ${p}) ${body})`;
        const { plain, marked } = await instances({ wide, fields, body: '(call $work)' });
        const before = bytes(marked).slice();
        expect(marked.takeChanges()).toEqual([]);
        expect(marked.handle('m', 'e')).toBe(plain.handle('m', 'e'));
        expect(Buffer.compare(bytes(marked), bytes(plain))).toBe(0);

        const pageBefore = (page: number) => before.subarray(page * MARKED_PAGE, (page + 1) * MARKED_PAGE);
        const changed = changedPages(before, bytes(marked));
        expect(marked.revert(before.length, pageBefore)).toBe(true);
        expect(changedPages(before, bytes(marked))).toEqual([]);

        marked.handle('m', 'e');
        const told = marked.takeChanges();
        expect(told).toEqual([...new Set(told)].sort((one, other) => one - other));
        for (const page of changed) expect(told).toContain(page);
      }),
      { numRuns: 50 },
    );
  });

  it('tells of what the host writes, and of nothing that only restoring wrote', async () => {
    const { marked } = await instances({ wide });
    const snapshot = marked.snapshot();
    const before = bytes(marked).slice();
    marked.handle('a message', 'an environment');
    for (const page of changedPages(before, bytes(marked))) expect(marked.takeChanges()).toContain(page);
    marked.restore(snapshot);
    expect(marked.takeChanges()).toEqual([]);
  });

  it('lets a failed instance go on from where it was', async () => {
    const { marked } = await instances({
      wide,
      body: `(i32.store (${p}.const ${MEMORY.from}) (i32.add (i32.load (${p}.const ${MEMORY.from})) (i32.const 1)))
        (if (i32.eq (i32.load8_u (local.get $message)) (i32.const 33)) (then (unreachable)))`,
    });
    marked.handle('a', 'e');
    marked.takeChanges();
    const before = bytes(marked).slice();
    expect(() => marked.handle('!', 'e')).toThrow();
    expect(marked.poisoned).toBe(true);
    expect(
      marked.revert(before.length, (page) => before.subarray(page * MARKED_PAGE, (page + 1) * MARKED_PAGE)),
    ).toBe(true);
    expect(Buffer.compare(bytes(marked), before)).toBe(0);
    marked.handle('a', 'e');
    expect(new DataView(marked.memory.buffer).getInt32(MEMORY.from, true)).toBe(2);
  });

  it('says when a memory has grown and can not go back', async () => {
    const { marked } = await instances({ wide, body: `(drop (memory.grow (${p}.const 1)))` });
    const { byteLength } = marked.memory.buffer;
    marked.handle('a', 'e');
    expect(marked.revert(byteLength, () => new Uint8Array(MARKED_PAGE))).toBe(false);
  });

  it('lets writes behind the end fail as they did', async () => {
    for (const write of [
      `(i32.store (${p}.const 0x7fffffff) (i32.const 1))`,
      `(i32.store offset=0xfffffff0 (${p}.const 0x7ffffff0) (i32.const 1))`,
      `(memory.fill (${p}.const ${MEMORY.to}) (i32.const 1) (${p}.const 0x7fffffff))`,
      `(memory.copy (${p}.const -1) (${p}.const 0) (${p}.const 1))`,
    ]) {
      const { plain, marked } = await instances({ wide, body: write });
      const failure = (instance: Instance) => {
        try {
          return instance.handle('a', 'e');
        } catch (error) {
          return (error as Error).message;
        }
      };
      expect(failure(marked)).toBe(failure(plain));
    }
  });
});

it('refuses writes that can not be followed', async () => {
  const body = '(drop (i32.atomic.rmw.add (i32.const 1024) (i32.const 1)))';
  const binary = await assemble(program({ body }));
  expect(() => markWrites(binary)).toThrow(expect.objectContaining({ code: 'LOADER.FORMAT' }));
});

it('the smallest memory limit leaves the marks their room', async () => {
  const binary = markWrites(await assemble(program({ memory: '2' })));
  const compiled = await compileModule(binary, { format: FORMAT.v4, memoryLimit: 2 * 65_536 });
  expect(instantiate(compiled).handle('a', 'e')).toContain('done');
});
