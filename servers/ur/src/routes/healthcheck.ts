import type { App } from '@ao-ts/server-kit';

/** `GET /healthcheck`: the router itself is alive. */
export function healthcheckRoute(app: App): void {
  app.get(
    '/healthcheck',
    { schema: { summary: 'Whether the router is alive.', answers: { 200: 'text/plain' } } },
    async (_request, reply) => reply.type('text/plain').send('OK'),
  );
}
