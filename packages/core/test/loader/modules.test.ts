import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { compileModule, type Instance, instantiate } from '../../src/loader/index.ts';
import { type ModuleInterface, readInterface } from '../../src/loader/module-interface.ts';
import { runReference } from './reference.ts';
import { assemble, FORMAT, program, REFERENCE_EXPORTS } from './wat.ts';

// Modules of the network are nobody's to put into this repository; whoever has some can compare on them.
const directory = process.env.AO_MODULES_DIR;
const files = directory ? readdirSync(directory).filter((name) => name.endsWith('.wasm')) : [];
const METERING_SIZE_LIMIT = 1_000_000;
const COMPUTE_LIMIT = 20_000_000_000;

vi.setConfig({ testTimeout: 600_000 });

const ENVIRONMENT = {
  Process: { Id: 'PROCESS', Owner: 'OWNER', Tags: [{ name: 'Authority', value: 'OWNER' }] },
  Module: { Id: 'MODULE', Owner: 'OWNER', Tags: [] },
};
const message = (Nonce: number, Action: string, Data: string) => ({
  Id: `message-${Nonce}`,
  Signature: 's',
  Data,
  Owner: 'OWNER',
  Target: 'PROCESS',
  Anchor: null,
  From: 'OWNER',
  Tags: [
    { name: 'Action', value: Action },
    { name: 'Module', value: 'MODULE' },
  ],
  Epoch: 0,
  Nonce,
  Timestamp: 1_700_000_000_000 + Nonce,
  'Block-Height': 1_500_000,
  Module: 'MODULE',
  Cron: false,
  'Read-Only': false,
});
const EVALUATIONS = [
  '1984',
  'local s = "" for k in pairs({a=1,b=2,c=3,d=4}) do s = s .. k end return s',
  'Send({Target="T", Data="hi", Foo="bar", Zed="1"})',
  'error("boom")',
  'return os.date("%c %j %U %W %p", 86400 * 365) .. tostring(os.time({year=2001,month=2,day=3,hour=4}))',
  'return tostring(os.execute and os.execute("id")) .. tostring(io and io.open("/etc/passwd"))',
  'return tostring(os.getenv and os.getenv("HOME"))',
  'local t = {} for i = 1, 5000 do t[i] = tostring(i) end return #table.concat(t)',
  'local ok, e = pcall(function() error({}) end) return tostring(ok)',
  'local ok, e = pcall(string.rep, "x", -1) return select(2, pcall(error, "é€𝒳"))',
  'local function f(n) return n == 0 and 0 or 1 + f(n - 1) end return f(150)',
  'local co = coroutine.wrap(function() coroutine.yield(1) error("inside") end) co() return pcall(co)',
  'return ("x"):rep(100000)',
  'os.exit(3)',
];
const MESSAGES = [
  message(0, 'echo', 'hello'),
  ...EVALUATIONS.map((data, index) => message(index + 1, 'Eval', data)),
];

function formatsOf({ imports, exports, memory64 }: ModuleInterface, size: number): string[] {
  const imported = (name: string) => imports.some((item) => item.name === name);
  if (!('memory' in exports)) return [FORMAT.v1];
  if (imported('setTempRet0')) return [FORMAT.v2];
  const plain = memory64 ? FORMAT.wasm64 : FORMAT.v4;
  if (imported('usegas') || size > METERING_SIZE_LIMIT) return [plain];
  return [plain, memory64 ? FORMAT.metered64 : FORMAT.metered];
}

interface Outcome {
  readonly result?: unknown;
  readonly error?: unknown;
  readonly size?: number;
  readonly hash?: string;
  readonly ended?: boolean;
}

/** What our host makes of a message, in the words of the reference. */
function evaluate(instance: Instance, data: object): Outcome {
  let text: string;
  try {
    text = instance.handle(JSON.stringify(data), JSON.stringify(ENVIRONMENT));
  } catch (error) {
    return { error: errorText(error), ended: true };
  }
  const output = attempt(() => JSON.parse(text));
  if (output instanceof Error) return { error: output.message };
  const { ok, response } = output;
  if (!ok) return { error: response };
  const memory = new Uint8Array(instance.memory.buffer);
  return {
    result: {
      Error: response.Error,
      Output: response.Output,
      Messages: response.Messages,
      Spawns: response.Spawns,
      Assignments: response.Assignments,
      Patches: response.Patches ?? [],
      GasUsed: instance.gasUsed,
    },
    size: memory.length,
    hash: hashOf(instance),
  };
}

function attempt<T>(action: () => T): T | Error {
  try {
    return action();
  } catch (error) {
    return error as Error;
  }
}

function hashOf(instance: Instance): string {
  return createHash('md5').update(new Uint8Array(instance.memory.buffer)).digest('hex');
}

function errorText(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
}

/** Leaves in its memory where its arguments are, the calendar, the time zone and the environment. */
const OBSERVER = await assemble(
  program({
    imports: `(import "env" "_gmtime_js" (func $gmtime (param i32 i32 i32)))
      (import "env" "_localtime_js" (func $localtime (param i32 i32 i32)))
      (import "env" "_mktime_js" (func $mktime (param i32) (result i32)))
      (import "env" "_tzset_js" (func $tzset (param i32 i32 i32 i32)))
      (import "env" "strftime" (func $strftime (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))`,
    fields: `${REFERENCE_EXPORTS}
      (data (i32.const 3000) "%a %A %b %B %C %d %e %g %G %H %I %j %m %M %p %S %u %U %V %w %W %y %Y %z %Z %% %c %D %F\\00")
      (func (export "stackSave") (result i32) (global.get $sp))
      (func (export "stackRestore") (param i32) (global.set $sp (local.get 0)))
      (func (export "stackAlloc") (param i32) (result i32)
        (global.set $sp (i32.and (i32.sub (global.get $sp) (local.get 0)) (i32.const -16)))
        (global.get $sp))
      (func (export "__errno_location") (result i32) (i32.const 1200))
      (func (export "setTempRet0") (param i32) (i32.store (i32.const 1204) (local.get 0)))
      (func (export "main") (param i32 i32) (result i32)
        (i32.store (i32.const 1208) (i32.add (i32.const 1) (local.get 0))) (i32.const 0))`,
    body: `(i32.store (i32.const 1024) (local.get $message)) (i32.store (i32.const 1028) (local.get $environment))
      (call $gmtime (i32.const 1709212509) (i32.const 0) (i32.const 2000))
      (call $localtime (i32.const 1700000000) (i32.const 1) (i32.const 2100))
      (i32.store (i32.const 1032) (call $mktime (i32.const 2000)))
      (call $tzset (i32.const 2200) (i32.const 2204) (i32.const 2208) (i32.const 2224))
      (i32.store (i32.const 1036)
        (call $strftime (i32.const 4000) (i32.const 1000) (i32.const 3000) (i32.const 2000)))
      (drop (call $sizes (i32.const 2400) (i32.const 2404)))
      (drop (call $environ (i32.const 2500) (i32.const 2600)))`,
  }),
);
const binaries = files.map((name) => ({ name, binary: readFileSync(join(directory ?? '', name)) }));
const cases = [
  ...[FORMAT.v3, FORMAT.v4].map((format) => ({ name: 'a written module', binary: OBSERVER, format })),
  ...binaries.flatMap((item) =>
    formatsOf(readInterface(item.binary), item.binary.length).map((format) => ({ ...item, format })),
  ),
].map((item) => ({ ...item, moduleInterface: readInterface(item.binary) }));
// The loader of the network does not run WASI programs.
const comparable = cases.filter((item) => !('_start' in item.moduleInterface.exports));

if (!directory) console.log('AO_MODULES_DIR is not set: no modules of the network to compare on');

const load = async ({ binary, format }: (typeof cases)[number]) =>
  instantiate(await compileModule(binary, { format }), { computeLimit: COMPUTE_LIMIT });

describe.each(comparable)('$name as $format', (item) => {
  it('gives the results, the gas and the memory of the reference', async () => {
    const reference = await runReference({
      binary: item.binary,
      format: item.format,
      messages: MESSAGES,
      environment: ENVIRONMENT,
      computeLimit: COMPUTE_LIMIT,
    });
    const instance = await load(item);
    for (const [index, expected] of reference.steps.entries()) {
      const outcome = evaluate(instance, MESSAGES[index] ?? {});
      if (expected.error === undefined) expect(outcome).toEqual(expected);
      else expect(outcome.error).toEqual(errorText(expected.error));
      if (outcome.ended) break;
    }
  });
});

describe.each(cases)('$name as $format', (item) => {
  it('goes on from a restored memory as if it had never stopped', async () => {
    const resident = await load(item);
    let snapshot = resident.snapshot();
    for (const data of MESSAGES.slice(0, 4)) {
      const restored = await load(item);
      restored.restore(snapshot);
      const outcome = evaluate(resident, data);
      expect(evaluate(restored, data)).toEqual(outcome);
      if (outcome.ended) break;
      expect(hashOf(restored)).toBe(hashOf(resident));
      snapshot = resident.snapshot(snapshot);
    }
  });

  it('reaches neither the shell nor the files nor the input of this machine', async () => {
    const instance = await load(item);
    const marker = join(tmpdir(), `ao-loader-${process.pid}`);
    writeFileSync(marker, 'secret of the host');
    const attempts = [
      `os.execute("rm ${marker}")`,
      `io.popen("rm ${marker}")`,
      `os.remove("${marker}")`,
      `os.rename("${marker}", "${marker}x")`,
      `return io.open("${marker}"):read("a")`,
      'return io.read("l")',
      'return os.getenv("PATH")',
    ];
    for (const [index, data] of attempts.entries()) {
      const outcome = evaluate(instance, message(index, 'Eval', data));
      expect(JSON.stringify(outcome)).not.toContain('secret of the host');
      if (outcome.ended) break;
    }
    expect(readFileSync(marker, 'utf8')).toBe('secret of the host');
    rmSync(marker);
  });
});
