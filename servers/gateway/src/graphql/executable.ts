import {
  buildSchema,
  type ExecutionResult,
  execute,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { Context } from '../context.ts';
import { limits, MAX_TOKENS } from './limits.ts';
import { resolvers } from './resolvers.ts';
import { schema as text } from './schema.ts';

type Resolver = GraphQLFieldResolver<unknown, object>;

export interface Question {
  query: string;
  variables?: Record<string, unknown> | null | undefined;
  operationName?: string | null | undefined;
}

/** The schema with the functions that answer its fields. */
export function executableSchema(context: Context): GraphQLSchema {
  const schema = buildSchema(text);
  for (const [typeName, fields] of Object.entries(resolvers(context))) {
    const type = schema.getType(typeName) as GraphQLObjectType;
    for (const [name, resolve] of Object.entries(fields)) {
      const field = type.getFields()[name];
      if (!field) throw new TypeError(`The schema has no field ${typeName}.${name}`);
      field.resolve = resolve as Resolver;
    }
  }
  return schema;
}

/**
 * Answers a question. Without `data` it was not carried out: it does not fit the schema or the limits of this unit.
 * @throws GraphQLError if it is no GraphQL
 */
export async function ask(schema: GraphQLSchema, question: Question): Promise<ExecutionResult> {
  const document = parse(question.query, { maxTokens: MAX_TOKENS });
  const errors = validate(schema, document, [...specifiedRules, limits]);
  if (errors.length > 0) return { errors };
  return execute({
    schema,
    document,
    // An object of its own: what is counted, is counted for each question.
    contextValue: {},
    variableValues: question.variables ?? {},
    operationName: question.operationName ?? null,
  });
}
