export * from './bundle.ts';
export * from './data-item.ts';
export * from './deep-hash.ts';
export { ethereumAddress } from './ethereum.ts';
export * from './rebuild.ts';
export * from './signature-types.ts';
export * from './signer.ts';
export * from './tags.ts';
export * from './verify.ts';
