import type { App } from '@ao-ts/server-kit';

/** `GET /`: says what is here; also asked to see whether the unit lives. */
export function identityRoute(app: App): void {
  app.get('/', async (_request, reply) => reply.type('text/html').send('ao messenger unit'));
}
