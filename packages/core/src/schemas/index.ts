export * from './common.ts';
export * from './gateway.ts';
export * from './results.ts';
export * from './scheduler.ts';
