export { type Config, configFrom } from './config.ts';
export type { Overrides } from './context.ts';
export type { ItemPlan, NewNode } from './domain/node.ts';
export { create } from './server.ts';
