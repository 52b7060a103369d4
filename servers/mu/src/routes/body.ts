import type { App } from '@ao-ts/server-kit';

/** Bodies are signed items, as `application/octet-stream`; whatever else is sent counts as no body. */
export function acceptItems(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null, undefined));
}
