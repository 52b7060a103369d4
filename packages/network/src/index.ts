export * from './client.ts';
export * from './network.ts';
export * from './network-file.ts';
export * from './program.ts';
export * from './result.ts';
