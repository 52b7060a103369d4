export * from './assignment.ts';
export * from './cursor.ts';
export * from './hash-chain.ts';
