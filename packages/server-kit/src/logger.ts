import { type Logger, pino } from 'pino';
import { currentScope, traceIdOf } from './scope.ts';

/** Parts of what is logged that must never be read in a log, wherever they turn up. */
const SECRETS = ['jwk', 'wallet', 'privateKey', 'headers.authorization', 'headers.cookie'];
const REDACTED = SECRETS.flatMap((path) => [path, `*.${path}`]);

const loggers = new Set<WeakRef<Logger>>();

export interface LoggerOptions {
  /** The unit: `su`, `cu`, … */
  name: string;
  level: string;
  /** Where lines go; standard output unless given. */
  destination?: { write(line: string): void };
}

/** A unit's log: JSON lines, each with the request, process, message and trace it belongs to. */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const settings = { name, level, redact: REDACTED, mixin: scopeFields };
  const logger = destination ? pino(settings, destination) : pino(settings);
  loggers.add(new WeakRef(logger));
  return logger;
}

function scopeFields(): object {
  const { traceparent, ...ids } = currentScope() ?? {};
  return traceparent === undefined ? ids : { ...ids, traceId: traceIdOf(traceparent) };
}

/**
 * Lets an operator look closer at a running unit: SIGUSR2 switches all logs of this process to `debug`, the next one back to
 * what they were. Only who may signal the process can do it.
 */
export function switchLogLevelOnSignal(): void {
  if (process.platform === 'win32') return;
  const before = new Map<Logger, string>();
  process.on('SIGUSR2', () => {
    const back = before.size > 0;
    for (const reference of loggers) {
      const logger = reference.deref();
      if (!logger) loggers.delete(reference);
      else if (!back) before.set(logger, logger.level);
      if (logger) logger.level = back ? (before.get(logger) ?? logger.level) : 'debug';
      logger?.info({ level: logger.level }, 'log level switched');
    }
    if (back) before.clear();
  });
}
