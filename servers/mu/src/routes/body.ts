import type { App } from '@ao-ts/server-kit';

const ITEM = /^application\/octet-stream *(;|$)/i;

/** Bodies are signed items, as `application/octet-stream`; whatever else is sent counts as no body. */
export function acceptItems(app: App): void {
  // Of a content type that is none Fastify would say so, and not what is wanted.
  app.addHook('onRequest', (request, _reply, done) => {
    if (!ITEM.test(request.headers['content-type'] ?? '')) request.headers = { 'content-type': 'text/plain' };
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null, undefined));
}
