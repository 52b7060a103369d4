export * from './any-body.ts';
export * from './app.ts';
export * from './app-type.ts';
export { awaitDatabase } from './await-database.ts';
export * from './clients/compute.ts';
export * from './clients/gateway.ts';
export * from './clients/json.ts';
export * from './clients/scheduler.ts';
export * from './clients/uploader.ts';
export * from './config.ts';
export * from './group-commit.ts';
export * from './http-client.ts';
export * from './http-status.ts';
export * from './logger.ts';
export * from './metrics.ts';
export type { DescribedRoute } from './openapi.ts';
export * from './outbound.ts';
export {
  inTransaction,
  isPostgresUrl,
  openPostgres,
  type PostgresOptions,
  postgresClient,
} from './postgres.ts';
export * from './postgres-queries.ts';
export * from './process-directory.ts';
export { headersOf } from './protection.ts';
export * from './proxies.ts';
export * from './rate-limit.ts';
export * from './readiness.ts';
export * from './retry.ts';
export * from './scope.ts';
export * from './spans.ts';
export * from './sqlite.ts';
export * from './tracing.ts';
export * from './unit.ts';
export * from './wallet.ts';
