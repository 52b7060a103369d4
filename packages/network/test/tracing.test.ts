import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CollectedSpan, Collector } from '../../server-kit/test/collector.ts';
import { Network } from '../src/index.ts';

const collector = new Collector();
let network: Network;
beforeAll(async () => {
  await collector.start();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  network = await Network.start({ logLevel: 'error' });
});
afterAll(async () => {
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  await network?.stop();
  await collector[Symbol.asyncDispose]();
});

test('what a client sends is one trace, through the units and with what it causes', async () => {
  const { client } = network;
  const receiver = await client.spawn(
    `Handlers.add('Ask', 'Ask', function() ao.send({ Target = 'nobody' }) end)`,
  );
  const sender = await client.spawn(
    `Handlers.add('Start', 'Start', function() ao.send({ Target = '${receiver}', Action = 'Ask' }) end)`,
  );
  await network.settle();
  const id = await client.message(sender, { Action: 'Start' });
  await network.settle();
  await network.stop(); // what is left is sent now

  const spans = collector.spans.filter((span) => span.kind === 2);
  const root = spans.find((span) => span.service === 'ao-mu' && span.attributes['ao.message'] === id);
  expect([root?.name, root?.parentSpanId]).toEqual(['POST /', undefined]);
  const trace = collector.spans.filter(({ traceId }) => traceId === root?.traceId);
  const served = (service: string, name: string) =>
    trace.filter((span) => span.kind === 2 && span.service === service && span.name === name);
  // The message and its child were scheduled and evaluated, and nothing else was.
  const scheduled = served('ao-su', 'POST /').map(({ attributes }) => attributes['ao.process']);
  expect(scheduled.sort()).toEqual([sender, receiver].sort());
  const evaluated = served('ao-cu', 'GET /result/:id').map(({ attributes }) => attributes['ao.process']);
  expect(new Set(evaluated)).toEqual(new Set([sender, receiver]));
  // Each evaluation is in it, with what it cost.
  const evaluations = trace.filter((span) => span.service === 'ao-cu' && span.name === 'evaluate');
  expect(evaluations.map(({ attributes }) => attributes['ao.process']).sort()).toEqual(
    [sender, receiver].sort(),
  );
  for (const { attributes } of evaluations) {
    expect(Number(attributes['ao.nonce'])).toBeGreaterThan(0);
    expect(Number(attributes['ao.gas'])).toBeGreaterThanOrEqual(0);
    expect(Number(attributes['ao.waited_ms'])).toBeGreaterThanOrEqual(0);
  }
  // Whatever is in the trace leads back to the request of the client.
  const byId = new Map(trace.map((span) => [span.spanId, span]));
  const rootOf = (span: CollectedSpan): CollectedSpan => {
    const parent = byId.get(span.parentSpanId ?? '');
    return parent ? rootOf(parent) : span;
  };
  expect(trace.map((span) => rootOf(span).spanId).filter((spanId) => spanId !== root?.spanId)).toEqual([]);
});
