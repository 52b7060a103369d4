import type { App } from '@ao-ts/server-kit';
import type { FastifyReply } from 'fastify';
import { GraphQLError } from 'graphql';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { ask, executableSchema } from '../graphql/executable.ts';

const MAX_QUERY_BYTES = 256 * 1024;

const Request = z.object({
  query: z.string().min(1),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});
type Request = z.output<typeof Request>;

const Answer = z.object({
  data: z.record(z.string(), z.unknown()).nullable(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});
const answers = { 200: Answer, 400: Answer };

const JsonText = z.string().transform((text, context): Record<string, unknown> => {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a JSON object' });
    return z.NEVER;
  }
});

/** `POST /graphql` with JSON, and `GET /graphql?query=…&variables=…`. */
export function graphqlRoute(app: App, context: Context): void {
  const schema = executableSchema(context);
  const answer = async (question: Request, reply: FastifyReply) => {
    const result = await ask(schema, question).catch((error: unknown) => {
      if (error instanceof GraphQLError) return { errors: [error] };
      throw error;
    });
    return reply.status('data' in result ? 200 : 400).send({ data: null, ...result });
  };

  app.post(
    '/graphql',
    { bodyLimit: MAX_QUERY_BYTES, schema: { summary: 'Answers a GraphQL query.', body: Request, answers } },
    async (request, reply) => answer(request.body, reply),
  );

  const Query = Request.extend({ variables: JsonText.optional() });
  app.get(
    '/graphql',
    { schema: { summary: 'Answers a GraphQL query.', querystring: Query, answers } },
    async (request, reply) => answer(request.query, reply),
  );
}
