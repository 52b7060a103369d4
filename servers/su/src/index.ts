export { type Config, configFrom } from './config.ts';
export type { Overrides } from './context.ts';
export { schedulerLocation } from './scheduler-location.ts';
export { create } from './server.ts';
