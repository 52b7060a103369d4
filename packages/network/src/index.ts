export * from './network.ts';
export * from './network-file.ts';
