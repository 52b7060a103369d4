import type { App } from './app-type.ts';

/** Takes every body as its bytes, whatever its content type says, if it says one at all. The raw headers stay. */
export function takeAnyBody(app: App): void {
  app.addHook('onRequest', (request, _reply, done) => {
    request.headers = { 'content-type': 'application/octet-stream' };
    done();
  });
}
