export { type Config, configFrom } from './config.ts';
export type { Context, Overrides } from './context.ts';
export { create } from './server.ts';
