import { AoError } from '../errors.ts';

/** How a Module-Format differs from the others, beyond what its imports and exports tell. */
export interface Format {
  readonly name: string;
  /** Largest heap `emscripten_resize_heap` grants, in bytes. */
  readonly heapLimit: number;
  /** Whether `main` boots the program at load, and with which arguments. */
  readonly main: 'none' | 'empty' | 'program-name';
  /** Bytes the string arguments of `handle` take on the C stack: they decide addresses, and so Lua's hash seed. */
  readonly argumentSize: 'utf8' | 'utf16-times-4';
  /** Whether the program sees environment variables. */
  readonly environment: boolean;
  /** The clock of `date_now` and of `get_now`: always zero, or ticks. */
  readonly dateTicks: boolean;
  readonly nowTicks: boolean;
  /** Whether there is a file system; without one, calls on files do nothing. */
  readonly files: boolean;
  /** Whether gas is counted by instructions put in when the module is compiled. */
  readonly metered: boolean;
}

const HEAP_500_MB = 524_288_000;
const HEAP_4_GB = 4_294_901_760;
const HEAP_16_GB = 17_179_869_184;

const first: Omit<Format, 'name'> = {
  heapLimit: HEAP_500_MB,
  main: 'empty',
  argumentSize: 'utf16-times-4',
  environment: true,
  dateTicks: false,
  nowTicks: false,
  files: false,
  metered: false,
};
const second = { ...first, main: 'program-name', nowTicks: true, files: true } as const;
const third = {
  ...second,
  heapLimit: HEAP_4_GB,
  main: 'empty',
  argumentSize: 'utf8',
  dateTicks: true,
} as const;
const fourth = { ...third, main: 'none', environment: false } as const;
const wasm64 = { ...fourth, heapLimit: HEAP_16_GB } as const;

const FORMATS: readonly Format[] = [
  { name: 'wasm32-unknown-emscripten', ...first },
  { name: 'wasm32-unknown-emscripten2', ...second },
  { name: 'wasm32-unknown-emscripten3', ...third },
  { name: 'wasm32-unknown-emscripten4', ...fourth },
  { name: 'wasm32-unknown-emscripten-metering', ...fourth, metered: true },
  { name: 'wasm64-unknown-emscripten-draft_2024_02_15', ...wasm64 },
  { name: 'wasm64-unknown-emscripten-draft_2024_10_16-metering', ...wasm64, metered: true },
];

/** The values of a module's `Module-Format` tag that can be run. */
export const MODULE_FORMATS: readonly string[] = FORMATS.map((format) => format.name);

/** The format of that name. Throws `LOADER.FORMAT`. */
export function formatNamed(name: string): Format {
  const format = FORMATS.find((candidate) => candidate.name === name);
  if (format) return format;
  throw new AoError('LOADER.FORMAT', `Module-Format "${name}" is not one of: ${MODULE_FORMATS.join(', ')}.`, {
    action: 'fix',
    facts: { format: name, supported: MODULE_FORMATS },
  });
}
