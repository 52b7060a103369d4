export { type Config, configFrom } from './config.ts';
export type { Overrides } from './context.ts';
export { type RouterConfig, routerConfigFrom } from './router/config.ts';
export { createRouter, type RouterOverrides } from './router/server.ts';
export { schedulerLocation } from './scheduler-location.ts';
export { create } from './server.ts';
