import { compileModule, instantiate, markWrites, takeSnapshot } from '@ao-ts/core/loader';
import { buildModule, moduleFormats, type Target } from '@ao-ts/lua';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Resident } from '../src/worker/resident.ts';

const ID = 'A'.repeat(43);
const LIMIT = 24 * 1024 * 1024;
const ENVIRONMENT = JSON.stringify({
  Process: { Id: ID, Owner: ID, Tags: [] },
  Module: { Id: ID, Owner: ID, Tags: [] },
});

function message(nonce: number, type: string, data: string): string {
  return JSON.stringify({
    Id: String(nonce).padStart(43, 'm'),
    Data: data,
    Owner: ID,
    Target: ID,
    From: ID,
    Tags: [
      { name: 'Type', value: type },
      { name: 'Action', value: 'Eval' },
    ],
    Nonce: nonce,
    Timestamp: 1_700_000_000_000 + nonce,
    'Block-Height': 1_600_000,
  });
}

const program = fc.constantFrom(
  'Count = (Count or 0) + 1; return Count',
  'Kept = Kept or {}; for i = 1, 2000 do Kept[#Kept + 1] = { i, tostring(i) } end; return #Kept',
  'Kept = nil; collectgarbage()',
  'Text = string.rep("x", 1024 * 1024); return #Text',
  'Send({ Target = ao.id, Data = tostring(math.random(1000)) })',
  'Count = -1; error("as asked")',
  'Kept = {}; for i = 1, 20000 do Kept[i] = { i } end; error("after much work")',
  'local all = {} while true do all[#all + 1] = string.rep("y", 1024 * 1024) .. #all end',
  'local function deep() return 1 + deep() end return deep()',
  'Handlers.add("h" .. (Count or 0), "Never", function() end)',
);

test.each<Target>([32, 64])(
  'a Lua process of %i bits has, after any messages, the memory that fresh instances would have had',
  async (target) => {
    const binary = await buildModule([], { target });
    const options = { format: moduleFormats[target], memoryLimit: LIMIT };
    const plain = await compileModule(binary, options);
    const compiled = await compileModule(markWrites(binary), options);
    fc.assert(
      fc.property(fc.array(program, { minLength: 1, maxLength: 8 }), (programs) => {
        const resident = new Resident(
          {
            ...{ moduleId: ID, compiled, memoryLimit: LIMIT, computeLimit: 9e15, drive: false },
            ...{ environment: ENVIRONMENT, snapshot: undefined, journal: [], step: 0 },
          },
          { booted: new Map(), alive() {}, snapshot() {} },
        );
        let expected = instantiate(plain, { memoryLimit: LIMIT }).snapshot();
        const texts = [
          message(0, 'Process', ''),
          ...programs.map((text, index) => message(index + 1, 'Message', text)),
        ];
        texts.forEach((text, index) => {
          const fresh = instantiate(plain, { memoryLimit: LIMIT });
          fresh.restore(expected);
          const { kept } = resident.apply(index + 1, text);
          let answer: string | undefined;
          try {
            answer = fresh.handle(text, ENVIRONMENT);
          } catch {
            // A trap: nothing is kept.
          }
          const { ok, response } = answer === undefined ? { ok: false, response: {} } : JSON.parse(answer);
          expect(kept).toBe(Boolean(ok && !response.Error));
          if (kept) expected = fresh.snapshot(expected);
          const memory = resident.memory();
          expect(memory.length).toBe(expected.byteLength);
          // Pages that are equal are shared.
          const { pages } = takeSnapshot(memory, expected);
          expect(pages.size).toBe(expected.pages.size);
          for (const [page, content] of pages)
            if (expected.pages.get(page) !== content) expect.fail(`page ${page}`);
        });
      }),
      { numRuns: 6 },
    );
  },
  120_000,
);
