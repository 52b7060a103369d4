export * from './encoding.ts';
export * from './errors.ts';
