import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CompiledModule, compileModule, type Instance, instantiate } from '../../src/loader/index.ts';
import { type ModuleInterface, readInterface } from '../../src/loader/module-interface.ts';
import { runReference } from './reference.ts';
import { FORMAT } from './wat.ts';

// Modules of the network are nobody's to put into this repository; whoever has some can compare on them.
const directory = process.env.AO_MODULES_DIR;
const files = directory ? readdirSync(directory).filter((name) => name.endsWith('.wasm')) : [];
const METERING_SIZE_LIMIT = 1_000_000;
const COMPUTE_LIMIT = 20_000_000_000;
const TIMEOUT = 600_000;

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
  'return tostring(io and io.read and io.read("l")) .. tostring(os.getenv and os.getenv("HOME"))',
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
    return { error: (error as Error).message, ended: true };
  }
  const { ok, response } = JSON.parse(text);
  if (!ok) return { error: response };
  const { Error, Output, Messages, Spawns, Assignments, Patches = [] } = response;
  const memory = new Uint8Array(instance.memory.buffer);
  return {
    result: { Error, Output, Messages, Spawns, Assignments, Patches, GasUsed: instance.gasUsed },
    size: memory.length,
    hash: createHash('md5').update(memory).digest('hex'),
  };
}

function errorText(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
}

const cases = files.flatMap((name) => {
  const binary = readFileSync(join(directory ?? '', name));
  const moduleInterface = readInterface(binary);
  return formatsOf(moduleInterface, binary.length).map((format) => ({
    name,
    format,
    binary,
    moduleInterface,
  }));
});
const standalone = (item: (typeof cases)[number]) => '_start' in item.moduleInterface.exports;

if (cases.length === 0) {
  console.log('AO_MODULES_DIR is not set: nothing to compare with the loader of the network');
  // A file without tests is an error to the runner.
  describe('modules of the network', () =>
    it('are compared when AO_MODULES_DIR names a folder of them', () => {}));
}

describe.each(cases.filter((item) => !standalone(item)))('$name as $format', ({ binary, format }) => {
  it('gives the results, the gas and the memory of the reference', { timeout: TIMEOUT }, async () => {
    const reference = await runReference({
      binary,
      format,
      messages: MESSAGES,
      environment: ENVIRONMENT,
      computeLimit: COMPUTE_LIMIT,
    });
    const compiled: CompiledModule = await compileModule(binary, { format });
    const instance = instantiate(compiled, { computeLimit: COMPUTE_LIMIT });
    for (const [index, expected] of reference.steps.entries()) {
      const outcome = evaluate(instance, MESSAGES[index] ?? {});
      if (expected.error === undefined) expect(outcome).toEqual(expected);
      else expect(outcome.error).toEqual(errorText(expected.error));
      if (outcome.ended) break;
    }
  });
});
