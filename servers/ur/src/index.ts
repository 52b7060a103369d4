export { type Config, configFrom } from './config.ts';
export type { Overrides } from './context.ts';
export { cyrb53 } from './domain/cyrb53.ts';
export { create } from './server.ts';
