export * from './client.ts';
export type { HeldMessage, Hold, Sent } from './holds.ts';
export * from './network.ts';
export * from './network-file.ts';
export type { Environment, NetworkOptions } from './network-options.ts';
export * from './program.ts';
export * from './result.ts';
