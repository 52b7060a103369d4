import type { App } from '@ao-ts/server-kit';
import mercurius from 'mercurius';
import type { Context } from '../context.ts';
import { limits, MAX_TOKENS } from './limits.ts';
import { resolvers } from './resolvers.ts';
import { schema } from './schema.ts';

/** Gives the application `reply.graphql`; the route that uses it is our own, with the limits of this unit. */
export async function registerGraphql(app: App, context: Context): Promise<void> {
  await app.register(mercurius, {
    schema,
    resolvers: resolvers(context),
    routes: false,
    validationRules: [limits],
    graphql: { parseOptions: { maxTokens: MAX_TOKENS } },
  });
}
