import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AoError } from '@ao-ts/core';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { GatewayClient, HttpClient, ProcessDirectory } from '../src/index.ts';

const PROCESS = '4QTyVpvWlwjfsYAvkTSIWjp5XVGf-Rg_Co8K1lPNbvo';
const SCHEDULER = '_GQ33BkPtZrqxA84vM8Zk-N2aO0toNNu_C-l-rawrBA';

interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

const http = new HttpClient();
const servers: Server[] = [];
const answers: { scheduler: Answer; transactions: Answer; location: Answer; data: Answer } = {} as never;
let requests: string[] = [];

async function serve(answer: (path: string, body: string) => Answer): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      requests.push(request.url ?? '');
      const { status, body: json, headers } = answer(request.url ?? '', body);
      response.writeHead(status, headers).end(JSON.stringify(json));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const edges = (...nodes: object[]) => ({
  status: 200,
  body: { data: { transactions: { edges: nodes.map((node) => ({ node })) } } },
});
const transaction = (tags: Record<string, string>) => ({
  id: PROCESS,
  owner: { address: 'x' },
  tags: Object.entries(tags).map(([name, value]) => ({ name, value })),
});
const NOTHING = edges();
const NOT_THERE = { status: 400, body: { error: 'NotFound("Process not found")' } };

const schedulerUrl = await serve(() => answers.scheduler);
const gatewayUrl = await serve((path, body) => {
  if (path === `/${PROCESS}`) return answers.data;
  return body.includes('Scheduler-Location') ? answers.location : answers.transactions;
});
afterAll(async () => {
  for (const server of servers) server.close();
  await http.close();
});

let directory: ProcessDirectory;
beforeEach(() => {
  requests = [];
  answers.scheduler = NOT_THERE;
  answers.transactions = NOTHING;
  answers.location = NOTHING;
  answers.data = { status: 404, body: {} };
  directory = new ProcessDirectory({ http, gateway: new GatewayClient(http, gatewayUrl), schedulerUrl });
});

test('the configured scheduler is asked first, once', async () => {
  answers.scheduler = {
    status: 200,
    body: { process_id: PROCESS, block: '1', owner: { address: 'a', key: 'k' }, tags: [], timestamp: 1 },
  };
  expect(await directory.find(PROCESS)).toEqual({ tags: [], schedulerUrl });
  await directory.find(PROCESS);
  expect(requests).toEqual([`/processes/${PROCESS}`]);
});

test('a process of another scheduler is found through its Scheduler-Location', async () => {
  answers.transactions = edges(transaction({ Type: 'Process', Scheduler: SCHEDULER }));
  answers.location = edges(transaction({ Url: 'http://other.example/', 'Time-To-Live': '1000' }));
  expect((await directory.find(PROCESS)).schedulerUrl).toBe('http://other.example');
});

test('a process may have a Type of its owner before that of the protocol', async () => {
  const process = transaction({ Type: 'Process', Scheduler: SCHEDULER });
  answers.transactions = edges({ ...process, tags: [{ name: 'Type', value: 'Game' }, ...process.tags] });
  answers.location = edges(transaction({ Url: 'http://other.example', 'Time-To-Live': '1000' }));
  expect((await directory.find(PROCESS)).schedulerUrl).toBe('http://other.example');
});

test('a process that GraphQL does not know is found by the headers of its answer', async () => {
  const headers = { type: 'process', scheduler: SCHEDULER, module: 'm', 'keep-alive': 'timeout=5' };
  answers.data = { status: 200, body: {}, headers };
  answers.location = edges(transaction({ Url: 'http://other.example', 'Time-To-Live': '1000' }));
  expect(await directory.find(PROCESS)).toEqual({
    tags: [
      { name: 'Type', value: 'Process' },
      { name: 'Scheduler', value: SCHEDULER },
      { name: 'Module', value: 'm' },
    ],
    schedulerUrl: 'http://other.example',
  });
});

test('headers of something else than a process tell of none', async () => {
  answers.data = { status: 200, body: {}, headers: { type: 'Message', scheduler: SCHEDULER } };
  await expect(directory.find(PROCESS)).rejects.toMatchObject({ code: 'PROCESS.NOT_FOUND' });
});

test('not found is said only when all know for sure', async () => {
  await expect(directory.find(PROCESS)).rejects.toMatchObject({ code: 'PROCESS.NOT_FOUND', action: 'fix' });
});

test.each(['scheduler', 'transactions', 'data'] as const)(
  'an outage of the %s is not "not found"',
  async (who) => {
    answers[who] = { status: 503, body: { error: 'away' } };
    await expect(directory.find(PROCESS)).rejects.toMatchObject({ code: 'HTTP.STATUS', action: 'retry' });
  },
);

test('a process whose scheduler published nothing says what is missing', async () => {
  answers.transactions = edges(transaction({ Type: 'Process', Scheduler: SCHEDULER }));
  await expect(directory.find(PROCESS)).rejects.toMatchObject({
    code: 'SCHEDULER.NOT_FOUND',
    message: expect.stringContaining(SCHEDULER),
  });
});

test('an item that is not a process is not found', async () => {
  answers.transactions = edges(transaction({ Type: 'Message', Scheduler: SCHEDULER }));
  await expect(directory.find(PROCESS)).rejects.toMatchObject({ code: 'PROCESS.NOT_FOUND' });
});

test('the configured scheduler is reached where the configuration says, not where it is published', async () => {
  answers.scheduler = { status: 200, body: { address: SCHEDULER, timestamp: '1' } };
  answers.location = edges(transaction({ Url: 'http://127.0.0.1:9', 'Time-To-Live': '3600000' }));
  expect(await directory.locate(SCHEDULER)).toBe(schedulerUrl);
  expect(await directory.locate(PROCESS)).toBe('http://127.0.0.1:9');
  expect(requests.filter((path) => path === '/')).toHaveLength(1);
});

test('a configured scheduler that was away is recognised when it is back', async () => {
  answers.scheduler = { status: 503, body: { error: 'away' } };
  answers.location = edges(transaction({ Url: 'http://127.0.0.1:9', 'Time-To-Live': '3600000' }));
  expect(await directory.locate(SCHEDULER)).toBe('http://127.0.0.1:9');
  answers.scheduler = { status: 200, body: { address: SCHEDULER, timestamp: '1' } };
  expect(await directory.locate(SCHEDULER)).toBe(schedulerUrl);
});

test('a configured router has no address; schedulers are found through their locations', async () => {
  answers.scheduler = { status: 400, body: { error: 'No process-id query parameter provided' } };
  answers.location = edges(transaction({ Url: 'http://other.example', 'Time-To-Live': '3600000' }));
  expect(await directory.locate(SCHEDULER)).toBe('http://other.example');
  expect(await directory.locate(SCHEDULER)).toBe('http://other.example');
  expect(requests.filter((path) => path === '/')).toHaveLength(1);
});

test('while the gateway is away, an expired location still serves', async () => {
  const impatient = new ProcessDirectory({
    http,
    gateway: new GatewayClient(http, gatewayUrl),
    minLocationAgeMs: 0,
  });
  answers.location = edges(transaction({ Url: 'http://other.example', 'Time-To-Live': '0' }));
  expect(await impatient.locate(SCHEDULER)).toBe('http://other.example');
  answers.location = { status: 503, body: {} };
  expect(await impatient.locate(SCHEDULER)).toBe('http://other.example');
});

test('a process whose scheduler has moved is found where it is now, and stays known while nobody knows', async () => {
  const options = { http, gateway: new GatewayClient(http, gatewayUrl), schedulerUrl, minLocationAgeMs: 0 };
  directory = new ProcessDirectory(options);
  const location = (url: string) => edges(transaction({ Url: url, 'Time-To-Live': '3600000' }));
  const away = new AoError('HTTP.UNREACHABLE', 'away', { action: 'retry' });
  const unknown = new AoError('HTTP.STATUS', 'unknown', { action: 'fix', facts: { status: 404, said: '' } });
  const url = async () => (await directory.find(PROCESS)).schedulerUrl;

  answers.transactions = edges(transaction({ Type: 'Process', Scheduler: SCHEDULER }));
  answers.location = location('http://old.example');
  expect(await url()).toBe('http://old.example');
  expect(await directory.foundElsewhere(PROCESS, away)).toBe(false);

  answers.transactions = NOTHING;
  answers.location = { status: 503, body: {} };
  expect(await directory.foundElsewhere(PROCESS, unknown)).toBe(false);
  answers.location = location('http://new.example');
  const refused = new AoError('HTTP.STATUS', 'no', {
    action: 'fix',
    facts: { status: 400, said: 'too bad' },
  });
  expect(await directory.foundElsewhere(PROCESS, refused)).toBe(false);
  expect(await url()).toBe('http://old.example');
  expect(await directory.foundElsewhere(PROCESS, away)).toBe(true);
  expect(await url()).toBe('http://new.example');

  answers.scheduler = {
    status: 200,
    body: { process_id: PROCESS, block: '1', owner: { address: 'a', key: 'k' }, tags: [], timestamp: 1 },
  };
  expect(await directory.foundElsewhere(PROCESS, unknown)).toBe(true);
  expect(await url()).toBe(schedulerUrl);
  answers.scheduler = NOT_THERE;
  expect(await directory.foundElsewhere(PROCESS, away)).toBe(false);
  expect(await directory.foundElsewhere(SCHEDULER, unknown)).toBe(false);
});
