export type { Check, Target } from './check.ts';
export { computeChecks } from './compute.ts';
export { gatewayChecks } from './gateway.ts';
export { messengerChecks } from './messenger.ts';
export { routerChecks } from './router.ts';
export { schedulerChecks } from './scheduler.ts';
