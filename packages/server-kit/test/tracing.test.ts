import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AoError } from '@ao-ts/core';
import pino from 'pino';
import { expect, test } from 'vitest';
import { createApp, HttpClient, inTrace, listen, statusOf } from '../src/index.ts';
import { Collector } from './collector.ts';

const logger = pino({ level: 'silent' });
const CLIENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a request that makes a unit ask another is one trace; the client can have begun it', async () => {
  await using collector = await new Collector().start();
  const config = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const back = await createApp({ unit: 'back', logger, statusOf, config });
  back.app.get('/result/:id', async () => {
    throw new AoError('PROCESS.NOT_FOUND', 'There is none.', { action: 'fix' });
  });
  const backUrl = await listen(back.app, 'back', { host: '127.0.0.1', port: 0 });
  const http = new HttpClient();
  const front = await createApp({ unit: 'front', logger, statusOf, config, http });
  front.app.get('/', async () => {
    const { status } = await http.send(`${backUrl}/result/m?process-id=p`, { operation: 'result' });
    return { status };
  });
  await front.app.inject({ url: '/', headers: { traceparent: CLIENT } });
  await front.app.inject('/');
  await Promise.all([front.app.close(), back.app.close(), http.close()]);

  expect([...collector.paths]).toEqual(['/v1/traces']);
  const traces = Map.groupBy(collector.spans, ({ traceId }) => traceId);
  expect(traces.size).toBe(2);
  for (const [traceId, spans] of traces) {
    const by = (service: string, kind: number) =>
      spans.find((span) => span.service === service && span.kind === kind);
    const received = by('ao-front', 2);
    const asked = by('ao-front', 3);
    const answered = by('ao-back', 2);
    expect(received?.name).toBe('GET /');
    expect(asked).toMatchObject({ name: 'GET result', parentSpanId: received?.spanId });
    expect(answered).toMatchObject({
      name: 'GET /result/:id',
      parentSpanId: asked?.spanId,
      attributes: {
        'http.response.status_code': 404,
        'ao.process': 'p',
        'ao.message': 'm',
      },
    });
    const begunByClient = traceId === CLIENT.split('-')[1];
    expect(received?.parentSpanId).toBe(begunByClient ? CLIENT.split('-')[2] : undefined);
  }
  expect(traces.has(CLIENT.split('-')[1] ?? '')).toBe(true);
});

test('a trace its client does not keep is not sent', async () => {
  await using collector = await new Collector().start();
  const config = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/elsewhere` };
  const { app } = await createApp({ unit: 'x', logger, statusOf, config });
  await app.inject({ url: '/health', headers: { traceparent: CLIENT.replace(/01$/, '00') } });
  await app.inject({ url: '/health' });
  await app.close();
  expect(collector.spans).toHaveLength(1);
  expect([...collector.paths]).toEqual(['/elsewhere']);
});

test('a collector that is away keeps no unit from working or stopping', async () => {
  const config = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
  const { app } = await createApp({ unit: 'x', logger, statusOf, config });
  expect((await app.inject('/health')).statusCode).toBe(200);
  await app.close();
});

test('without a collector the trace of a client is passed on all the same', async () => {
  const { app } = await createApp({ unit: 'back', logger, statusOf });
  app.get('/', async (request) => ({ traceparent: request.headers.traceparent }));
  const url = await listen(app, 'back', { host: '127.0.0.1', port: 0 });
  const http = new HttpClient();
  const answer = await inTrace(CLIENT, () => http.send(url));
  expect(JSON.parse(answer.body.toString())).toEqual({ traceparent: CLIENT });
  await Promise.all([app.close(), http.close()]);
});

test('without a collector nothing of OpenTelemetry is loaded', async () => {
  const app = fileURLToPath(new URL('../src/app.ts', import.meta.url));
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    const { createApp } = await import(${JSON.stringify(app)});
    const logger = { level: 'silent', child() { return logger } };
    for (const name of ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']) logger[name] = () => {};
    await createApp({ unit: 'x', logger, statusOf: () => 500 });
    console.log(JSON.stringify(loaded));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded.some((url) => url.includes('/fastify/'))).toBe(true);
  const heavy = /@opentelemetry\/(sdk|exporter|otlp|resources)|otlp-tracer|openapi\.ts|docs-page/;
  expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
});
