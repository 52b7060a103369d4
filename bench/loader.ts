import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AoLoader, compileModule, type Instance, instantiate } from '@ao-ts/core/loader';
import { moduleBinary, moduleTags } from '@ao-ts/lua';
import { environment, evaluation, HEAP_BYTES, perCall, spawnMessage } from './lua-messages.ts';
import type { Figure } from './report.ts';

const FORMAT = moduleTags.find((tag) => tag.name === 'Module-Format')?.value ?? '';
const METERED = 'wasm32-unknown-emscripten-metering';
const ENV = JSON.stringify(environment);
const COUNT = JSON.stringify(evaluation('Count = (Count or 0) + 1 return Count'));
const WORK = JSON.stringify(evaluation('local s = 0 for i = 1, 200000 do s = s + i % 7 end return s'));
const INSTANCES = 40;

interface Exports {
  handle(message: number, env: number): number;
  malloc(size: number): number;
  memory: { readonly buffer: ArrayBuffer };
}

async function boot(binary: Uint8Array, format: string, heap = 0): Promise<Instance> {
  const instance = instantiate(await compileModule(binary, { format }));
  instance.grow(heap);
  instance.handle(JSON.stringify(spawnMessage), ENV);
  return instance;
}

/** Calls the exported function itself, with arguments that are put into memory as bytes. */
async function bareCall(binary: Uint8Array): Promise<() => void> {
  const wasm = (
    globalThis as unknown as {
      WebAssembly: {
        Module: new (bytes: Uint8Array) => object;
        Instance: new (module: object, imports: object) => { exports: object };
      };
    }
  ).WebAssembly;
  const module = new wasm.Module(binary);
  let exports: Exports | undefined;
  const handle = await AoLoader(
    (imports, receive) => {
      const instance = new wasm.Instance(module, imports);
      exports = instance.exports as Exports;
      receive(instance as Parameters<typeof receive>[0]);
    },
    { format: FORMAT, UNSAFE_MEMORY: true },
  );
  await handle(null, spawnMessage, environment);
  const guest = exports as Exports;
  const texts = [COUNT, ENV].map((text) => Buffer.from(`${text}\0`));
  const [message = 0, env = 0] = texts.map((bytes) => guest.malloc(bytes.length));
  const memory = new Uint8Array(guest.memory.buffer);
  return () => {
    // The module wipes its arguments, so they are put there anew.
    texts.forEach((bytes, index) => {
      memory.set(bytes, [message, env][index]);
    });
    guest.handle(message, env);
  };
}

/** The npm loader replaces globals of its process, so it runs in one of its own. */
async function npmLoader(): Promise<number> {
  const program = fileURLToPath(new URL('npm-loader.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, FORMAT]);
  return Number(stdout);
}

/** The WebAssembly host by itself. */
export async function loaderSuite(): Promise<Figure[]> {
  const binary = await moduleBinary();
  const figures: Figure[] = [];
  const figure = (name: string, value: number, unit: string, rest: Partial<Figure>) =>
    figures.push({ suite: 'loader', name, value, unit, better: 'lower', ...rest });

  const plain = await boot(binary, FORMAT);
  const [inPlace = 0, bare = 0] = perCall([() => plain.handle(COUNT, ENV), await bareCall(binary)], {
    warm: 3000,
    calls: 500,
    rounds: 21,
  });
  figure('handle in place ÷ the bare exported function', inPlace, 'ms', { floor: bare, goal: 1.15 });

  const large = await boot(binary, FORMAT, HEAP_BYTES);
  const [resident = 0] = perCall([() => large.handle(COUNT, ENV)], { warm: 1000, calls: 500, rounds: 5 });
  figure('npm loader with copies ÷ handle in place, 100 MB heap', await npmLoader(), 'ms', {
    floor: resident,
    goal: 50,
    better: 'higher',
  });

  const metered = await boot(binary, METERED);
  const [withGas = 0, withoutGas = 0] = perCall(
    [() => metered.handle(WORK, ENV), () => plain.handle(WORK, ENV)],
    { warm: 10, calls: 5, rounds: 11 },
  );
  figure('metered ÷ unmetered, a Lua loop', withGas, 'ms', { floor: withoutGas, goal: 2 });

  const before = process.memoryUsage().rss;
  const compiled = await compileModule(binary, { format: FORMAT });
  const resident100: Instance[] = [];
  for (let i = 0; i < INSTANCES; i++) {
    const instance = instantiate(compiled);
    instance.grow(HEAP_BYTES);
    instance.handle(JSON.stringify(spawnMessage), ENV);
    resident100.push(instance);
  }
  const each = (process.memoryUsage().rss - before) / resident100.length / 1024 / 1024;
  figure('resident memory per booted instance, 100 MB heap', each, 'MB', { goal: 3 });
  return figures;
}
