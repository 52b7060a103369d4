import { AoError } from '@ao-ts/core';
import pino from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type App, answers, createApp, HttpClient, listen, Readiness, statusOf } from '../src/index.ts';

const logger = pino({ level: 'silent' });
const away = () => {
  throw new AoError('STORE.FAILED', 'The disk is full.', { action: 'retry' });
};

test('ready with all that is needed; what is merely used is reported', async () => {
  const { app, readiness } = await createApp({ logger, statusOf });
  readiness.needs('store', () => 1);
  readiness.uses('gateway', away);
  const answer = await app.inject('/ready');
  expect([answer.statusCode, answer.json()]).toEqual([
    200,
    {
      ready: true,
      checks: {
        store: { ok: true, needed: true },
        gateway: { ok: false, needed: false, reason: 'The disk is full.' },
      },
    },
  ]);
});

test('not ready: 503 with the reason, and when to ask again; alive all the same', async () => {
  const { app, readiness } = await createApp({ logger, statusOf });
  readiness.needs('store', away);
  const answer = await app.inject('/ready');
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
  expect(answer.json()).toMatchObject({ ready: false, checks: { store: { reason: 'The disk is full.' } } });
  expect((await app.inject('/health')).statusCode).toBe(200);
});

test('what is no sentence of ours goes to the log, not to whoever asks', async () => {
  const onFailure = vi.fn();
  const readiness = new Readiness(onFailure);
  const failure = new Error('password=hunter2');
  readiness.needs('store', () => Promise.reject(failure));
  expect(JSON.stringify(await readiness.report())).not.toContain('hunter2');
  expect(onFailure).toHaveBeenCalledWith('store', failure);
});

test('a check that hangs is a reason; probes share a report', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  try {
    const readiness = new Readiness();
    const check = vi.fn(() => new Promise(() => {}));
    readiness.needs('store', check);
    const reports = [readiness.report(), readiness.report()];
    await vi.advanceTimersByTimeAsync(2000);
    for (const report of await Promise.all(reports)) {
      expect(report.checks.store?.reason).toBe('No answer within 2000 ms.');
    }
    expect(check).toHaveBeenCalledTimes(1);
    void readiness.report();
    expect(check).toHaveBeenCalledTimes(2);
  } finally {
    vi.useRealTimers();
  }
});

test('a unit that is going down is not ready', async () => {
  const readiness = new Readiness();
  readiness.needs('store', () => 1);
  expect((await readiness.report()).ready).toBe(true);
  readiness.stop();
  expect(await readiness.report()).toMatchObject({
    ready: false,
    checks: { running: { reason: 'The unit is going down.' } },
  });
});

let other: App;
let url: string;
const http = new HttpClient();
beforeAll(async () => {
  ({ app: other } = await createApp({ logger, statusOf }));
  other.get('/', async () => 'here');
  url = await listen(other, 'other', { host: '127.0.0.1', port: 0 });
});
afterAll(() => Promise.all([other.close(), http.close()]));

test('another unit that answers is there, one that does not is named', async () => {
  await answers(http, 'scheduler unit', url)();
  await expect(answers(http, 'scheduler unit', 'http://127.0.0.1:1')()).rejects.toThrow('http://127.0.0.1:1');
});
