import { z } from 'zod';
import type { App } from './app-type.ts';
import type { DescribedRoute } from './openapi.ts';

declare module 'fastify' {
  interface FastifySchema {
    /** One sentence for the document of the API. */
    summary?: string;
    /** Media type of a body that is no JSON, for the document. */
    takes?: string;
    /** What is answered, by status: a schema, or the media type of what is no JSON. For the document only. */
    answers?: Record<number, z.ZodType | string>;
  }
}

/**
 * `GET /openapi.json`: the routes of the unit, from the schemas they are checked with. `GET /docs`: a page to try them. Both are
 * made when they are first asked for.
 */
export function describeRoutes(app: App, unit: string): void {
  const routes: DescribedRoute[] = [];
  app.addHook('onRoute', ({ method, url, schema = {} }) => {
    for (const one of [method].flat()) {
      if (one !== 'HEAD' && one !== 'OPTIONS') routes.push({ method: one, url, schema });
    }
  });

  let document: Promise<string> | undefined;
  app.get(
    '/openapi.json',
    { schema: { summary: 'This document.', answers: { 200: z.record(z.string(), z.unknown()) } } },
    async (_request, reply) => {
      document ??= import('./openapi.ts').then(({ openApi }) => JSON.stringify(openApi(unit, routes)));
      return reply.type('application/json').send(await document);
    },
  );
  app.get(
    '/docs',
    { schema: { summary: 'A page to try the routes.', answers: { 200: 'text/html' } } },
    async (_request, reply) => {
      const { docsPage } = await import('./docs-page.ts');
      const { html, policy } = docsPage();
      return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(html);
    },
  );
}
