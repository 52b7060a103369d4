export type { LuaErrorCode, LuaFile } from './boot.ts';
export { buildModule, libraryFiles, moduleBinary, moduleTags, runtimeBinary, type Tag } from './module.ts';
