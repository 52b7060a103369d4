import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AoError } from '@ao-ts/core';
import { expect, test } from 'vitest';
import { annotate, createApp, createLogger, inTrace, statusOf } from '../src/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;

function recorder(level = 'info') {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, logger: createLogger({ name: 'test', level, destination }) };
}

test('a line says which request, process, message and trace it belongs to', async () => {
  const { lines, logger } = recorder();
  const { app } = await createApp({ logger, statusOf });
  app.post('/:id', async () => {
    annotate({ processId: 'the-process' });
    await Promise.resolve();
    logger.info('worked');
    return {};
  });
  const answer = await app.inject({
    method: 'POST',
    url: '/the-message?process-id=other',
    headers: { traceparent, 'x-request-id': 'mine-1' },
    payload: {},
  });
  expect(answer.headers['x-request-id']).toBe('mine-1');
  expect(lines).toEqual([
    expect.objectContaining({
      msg: 'worked',
      requestId: 'mine-1',
      processId: 'the-process',
      messageId: 'the-message',
      traceId: TRACE,
    }),
  ]);
});

test('a failure is logged with its request, the answer names it, and ids are made where none came', async () => {
  const { lines, logger } = recorder();
  const { app } = await createApp({ logger, statusOf });
  app.get('/fails', async () => {
    throw new AoError('STORE.FAILED', 'The disk is full.', { action: 'retry' });
  });
  const answers = [
    await app.inject('/fails'),
    await app.inject({ url: '/fails', headers: { 'x-request-id': 'has spaces\n' } }),
  ];
  const ids = answers.map(({ headers }) => headers['x-request-id']);
  expect(new Set(ids).size).toBe(2);
  expect(lines.map(({ requestId }) => requestId)).toEqual(ids);
});

test('work for a trace without a request is logged with it', () => {
  const { lines, logger } = recorder();
  inTrace(traceparent, () => logger.info('later'));
  inTrace('nonsense', () => logger.info('alone'));
  expect(lines.map(({ traceId }) => traceId)).toEqual([TRACE, undefined]);
});

test('keys are not logged', () => {
  const { lines, logger } = recorder();
  const jwk = { kty: 'RSA', d: 'hunter2' };
  logger.info({ jwk, signer: { jwk }, wallet: jwk, config: { wallet: 'hunter2' } }, 'oops');
  logger.info({ request: { headers: { authorization: 'hunter2' } } }, 'oops');
  expect(JSON.stringify(lines)).not.toContain('hunter2');
});

test('every request is logged where somebody looks closely', async () => {
  const { lines, logger } = recorder('debug');
  const { app } = await createApp({ logger, statusOf });
  await app.inject('/health?process-id=p');
  expect(lines).toEqual([
    expect.objectContaining({ method: 'GET', url: '/health?process-id=p', status: 200, processId: 'p' }),
  ]);
});

test('SIGUSR2 switches a running unit to debug and back', async () => {
  const logger = fileURLToPath(new URL('../src/logger.ts', import.meta.url));
  const program = `
    import { createLogger, switchLogLevelOnSignal } from ${JSON.stringify(logger)};
    const log = createLogger({ name: 'x', level: 'warn' });
    switchLogLevelOnSignal();
    setInterval(() => log.debug('looking closely'), 5);
    log.warn('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  const lines: { msg: string }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const messages = () => lines.map(({ msg }) => msg);
  try {
    await expect.poll(messages, { timeout: 20_000 }).toEqual(['ready']);
    child.kill('SIGUSR2');
    await expect.poll(messages).toContain('looking closely');
    expect(messages()).toContain('log level switched');
    child.kill('SIGUSR2');
    await expect
      .poll(() => {
        const before = lines.length;
        return new Promise((resolve) => setTimeout(() => resolve(lines.length - before), 50));
      })
      .toBe(0);
  } finally {
    child.kill();
  }
});
