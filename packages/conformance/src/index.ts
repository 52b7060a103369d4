export type { Check, Target } from './check.ts';
export { computeChecks } from './compute.ts';
export { gatewayChecks } from './gateway.ts';
export { messengerChecks } from './messenger.ts';
export { schedulerChecks } from './scheduler.ts';
