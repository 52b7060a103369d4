export type { LuaErrorCode, LuaFile } from './boot.ts';
export {
  type BuildOptions,
  buildModule,
  LARGEST_MEMORY,
  libraryFiles,
  moduleBinary,
  moduleFormats,
  moduleTags,
  runtimeBinary,
  type Tag,
  type Target,
} from './module.ts';
