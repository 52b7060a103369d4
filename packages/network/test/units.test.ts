import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import * as ur from '@ao-ts/ur';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Network } from '../src/index.ts';

/** What every unit offers beside its own routes, and how it treats strangers. */

let network: Network;
const routers: AsyncDisposable[] = [];
const urls: Record<string, string> = {};
beforeAll(async () => {
  network = await Network.start({ logLevel: 'silent' });
  const { gateway, su, mu, cu } = network.file;
  Object.assign(urls, { gateway, su, mu, cu });
  for (const [AO_UNIT, HOSTS] of Object.entries({ cu, mu, su })) {
    const router = await ur.create(ur.configFrom({ PORT: '0', AO_UNIT, HOSTS, LOG_LEVEL: 'silent' }));
    routers.push(router);
    await router.start();
    urls[`ur of ${AO_UNIT}`] = router.url;
  }
});
afterAll(async () => {
  await Promise.all(routers.map((router) => router[Symbol.asyncDispose]()));
  await network?.stop();
});

/** As `/openapi.json` describes it. */
interface Operation {
  summary?: string;
  responses: Record<string, { content: Record<string, { schema: object }> }>;
}

/** Names by which other implementations call their series. */
const KNOWN_ELSEWHERE: Record<string, string[]> = {
  su: [
    'su_core_metrics_duration_milliseconds_count{function_name="write_item"}',
    'su_core_metrics_duration_milliseconds_count{function_name="get_messages"}',
    'message_save_failures_total',
  ],
  mu: [
    'ao_mu_outgoing_http_request_duration_seconds_count{method="POST",operation="writeDataItem",errorType="",status="200",statusGroup="2xx"}',
    'ao_mu_outgoing_http_request_duration_seconds_count{method="GET",operation="result",errorType="",status="200",statusGroup="2xx"}',
    'ao_mu_queue_size',
    'ao_mu_running_cron_monitor',
    'ao_mu_task_retries{retries="0",status="success"}',
    'ao_mu_db_size{database="task"}',
  ],
  cu: [
    'ao_cu_ao_process_total_evaluations_total{stream_type="primary",message_type="scheduled",process_error="false"}',
    'ao_cu_ao_process_total_evaluations_total{stream_type="dry-run",message_type="dry-run",process_error="false"}',
    'ao_cu_ao_process_total_graphql_queries_total{query_name="transaction",result="success"}',
    'ao_cu_ao_process_total{cache_type="memory"}',
    'ao_cu_worker_total{worker_type="primary"}',
    'ao_cu_worker_total{worker_type="dry-run"}',
    'ao_cu_worker_tasks_total{worker_type="primary",task_type="pending"}',
    'ao_cu_worker_tasks_total{worker_type="primary",task_type="active"}',
    'ao_cunodejs_eventloop_lag_seconds',
  ],
};

test.each(Object.entries(KNOWN_ELSEWHERE))(
  '%s: series have the names they have elsewhere',
  async (unit, names) => {
    const { client } = network;
    const process = await client.spawn(`Handlers.add('Ping', 'Ping', function() print('pong') end)`);
    await client.send(process, { Action: 'Ping' });
    await client.dryRun(process, { Action: 'Ping' });
    await fetch(`${network.file.su}/${process}`);
    await network.settle();
    const text = await (await fetch(`${urls[unit]}/metrics`)).text();
    const series = new Set(text.split('\n').map((line) => line.slice(0, line.lastIndexOf(' '))));
    expect(names.filter((name) => !series.has(name))).toEqual([]);
  },
);

describe.each([
  ['gateway', '/graphql'],
  ['su', '/'],
  ['mu', '/'],
  ['cu', '/dry-run?process-id=x'],
  ['ur of su', '/'],
  ['ur of mu', '/'],
  ['ur of cu', '/dry-run?process-id=x'],
])('%s', (unit, largest) => {
  const [name = ''] = unit.split(' ');
  const ask = (path: string, init?: RequestInit) => fetch(urls[unit] + path, init);

  test('is alive, and ready with what it needs', async () => {
    expect((await ask('/health')).status).toBe(200);
    const answer = await ask('/ready');
    expect(answer.status).toBe(200);
    const { ready, checks } = (await answer.json()) as { ready: boolean; checks: Record<string, unknown> };
    expect(ready).toBe(true);
    expect(Object.values(checks)).toContainEqual({ ok: true, needed: true });
  });

  test('shows its series in the OpenMetrics format', async () => {
    await ask('/health');
    const answer = await ask('/metrics');
    expect(answer.headers.get('content-type')).toContain('application/openmetrics-text');
    const text = await answer.text();
    expect(text).toMatch(/# EOF\n$/);
    for (const series of ['http_request_duration_seconds_bucket', 'http_request_summary_seconds_count']) {
      const line = new RegExp(
        `^ao_${name}_${series}{.*method="GET",route="/health",status="200",statusGroup="2xx"`,
        'm',
      );
      expect(text).toMatch(line);
    }
    expect(text).toMatch(new RegExp(`^ao_${name}process_cpu_seconds_total `, 'm'));
  });

  test('describes each of its routes, and has a page to try them', async () => {
    const document = (await (await ask('/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, Record<string, Operation>>;
    };
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) => ({
        operation: `${method} ${path}`,
        ...described,
      })),
    );
    expect(operations.length).toBeGreaterThan(7);
    expect(operations.filter(({ summary }) => !summary)).toEqual([]);
    // A schema that says nothing is as good as none.
    const unsaid = operations.filter(({ responses }) =>
      Object.values(responses).some(({ content }) =>
        Object.values(content).some(({ schema }) => Object.keys(schema).length === 0),
      ),
    );
    expect(unsaid.map(({ operation }) => operation)).toEqual([]);
    const page = await ask('/docs');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('openapi.json');
  });

  test('names each request, and tells browsers what they may do', async () => {
    const { headers } = await ask('/health', {
      headers: { origin: 'https://page.example', 'x-request-id': 'mine' },
    });
    expect(headers.get('x-request-id')).toBe('mine');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('refuses what is too large, before all of it came', async () => {
    const answer = await ask(largest, {
      method: 'POST',
      headers: { 'content-type': largest === '/' ? 'application/octet-stream' : 'application/json' },
      body: new Uint8Array(11 * 1024 * 1024),
    });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: expect.any(String), code: expect.any(String) });
  });

  test('says in its own words what is wrong with a malformed request', async () => {
    const answer = await ask('/dead/%zz');
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'REQUEST.URL' }]);
    const { hostname, port } = new URL(urls[unit] ?? '');
    const socket = connect(Number(port), hostname);
    socket.write('nonsense\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 .*"code":"REQUEST.HTTP"/s);
  });

  test('does not know what is not there', async () => {
    const answer = await ask('/no/such/route/at-all');
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: 'Route GET:/no/such/route/at-all not found', code: 'REQUEST.ROUTE' },
    ]);
  });
});
