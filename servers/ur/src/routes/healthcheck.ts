import type { App } from '@ao-ts/server-kit';

/** `GET /healthcheck`: the router itself is alive. */
export function healthcheckRoute(app: App): void {
  app.get('/healthcheck', async (_request, reply) => reply.type('text/plain').send('OK'));
}
