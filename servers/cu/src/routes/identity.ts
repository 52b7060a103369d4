import type { Route } from '../server.ts';

export const identityRoute: Route = (app, { context }) => {
  app.get('/', async () => ({ address: context.signer.address, timestamp: context.clock() }));
};
