export {
  AoLoader,
  type AoLoaderOptions,
  type Handle,
  type HandleResult,
  type InstantiateWasm,
} from './ao-loader.ts';
export { type CompiledModule, type CompileOptions, compileModule } from './compile.ts';
export type { Drive } from './drive.ts';
export type { LoaderErrorCode } from './failures.ts';
export { MODULE_FORMATS } from './formats.ts';
export { DEFAULT_COMPUTE_LIMIT, Instance, type InstantiateOptions, instantiate } from './instance.ts';
export { MARKED_PAGE, MARKS_VERSION, markWrites } from './marks.ts';
export { METER_VERSION, meterModule } from './meter.ts';
export type { ModuleInterface } from './module-interface.ts';
export { type HandleOutput, parseOutput } from './output.ts';
export {
  decodeSnapshot,
  encodeSnapshot,
  SNAPSHOT_PAGE,
  type Snapshot,
  snapshotToMemory,
  takeSnapshot,
} from './snapshot.ts';
export type { WasmMemory, WasmModule } from './webassembly.ts';
