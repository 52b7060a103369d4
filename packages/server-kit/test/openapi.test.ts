import { createHash } from 'node:crypto';
import pino from 'pino';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createApp, statusOf } from '../src/index.ts';

async function unit() {
  const { app } = await createApp({ unit: 'cu', logger: pino({ level: 'silent' }), statusOf });
  app.get(
    '/result/:id',
    {
      schema: {
        summary: 'The result of a message.',
        params: z.object({ id: z.string().describe('Id of the message.') }),
        querystring: z.object({ 'process-id': z.string(), limit: z.coerce.number().int().max(9).default(5) }),
        answers: { 200: z.object({ Output: z.unknown() }), 202: 'text/plain' },
      },
    },
    async () => ({ Output: 1 }),
  );
  app.post('/', { schema: { takes: 'application/octet-stream' } }, async () => ({}));
  app.post('/dry-run', { schema: { body: z.object({ Data: z.string() }) } }, async () => ({}));
  app.get('/messages/*', async () => ({}));
  return app;
}

test('the document is made from the schemas of the routes', async () => {
  const answer = await (await unit()).inject('/openapi.json');
  expect(answer.headers['content-type']).toContain('application/json');
  const { openapi, info, paths } = answer.json();
  expect([openapi, info.title]).toEqual(['3.1.0', 'ao Compute Unit']);
  expect(paths['/result/{id}'].get).toEqual({
    summary: 'The result of a message.',
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        schema: { type: 'string', description: 'Id of the message.' },
      },
      { name: 'process-id', in: 'query', required: true, schema: { type: 'string' } },
      {
        name: 'limit',
        in: 'query',
        required: false,
        schema: expect.objectContaining({ type: 'integer', maximum: 9, default: 5 }),
      },
    ],
    responses: {
      200: {
        description: 'Done.',
        content: { 'application/json': { schema: expect.objectContaining({ properties: { Output: {} } }) } },
      },
      202: { description: 'Done.', content: { 'text/plain': { schema: { type: 'string' } } } },
      default: {
        description: 'Why not.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  });
  expect(paths['/'].post.requestBody.content).toHaveProperty('application/octet-stream');
  expect(paths['/dry-run'].post.requestBody.content['application/json'].schema.required).toEqual(['Data']);
  expect(paths['/messages/{path}'].get.parameters[0]).toMatchObject({ name: 'path', in: 'path' });
  for (const path of ['/health', '/ready', '/metrics', '/docs']) expect(paths[path]).toHaveProperty('get');
});

test('the page needs nothing from elsewhere, and its policy lets just its own parts run', async () => {
  const answer = await (await unit()).inject('/docs');
  expect(answer.headers['content-type']).toContain('text/html');
  const { body: html } = answer;
  expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  const policy = String(answer.headers['content-security-policy']);
  for (const [, , text = ''] of html.matchAll(/<(style|script)[^>]*>([\s\S]*?)<\/\1>/g)) {
    const hash = createHash('sha256').update(text).digest('base64');
    expect(policy).toContain(`'sha256-${hash}'`);
    expect(text).not.toContain('innerHTML');
  }
  const [, script = ''] = /<script[^>]*>([\s\S]*?)<\/script>/.exec(html) ?? [];
  expect(() => new Function(`return async () => {${script}}`)).not.toThrow();
});
