import { createRequire } from 'node:module';
import { z } from 'zod';

export interface DescribedRoute {
  method: string;
  /** As Fastify writes it: `/result/:id`. */
  url: string;
  schema: {
    summary?: string;
    takes?: string;
    answers?: Record<number, z.ZodType | string>;
    params?: unknown;
    querystring?: unknown;
    headers?: unknown;
    body?: unknown;
  };
}

const TITLES: Record<string, string> = {
  gateway: 'ao local gateway',
  su: 'ao Scheduler Unit',
  mu: 'ao Messenger Unit',
  cu: 'ao Compute Unit',
  ur: 'ao unit router',
};

interface JsonSchema {
  [key: string]: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

/** The OpenAPI 3.1 document of a unit's routes. */
export function openApi(unit: string, routes: readonly DescribedRoute[]): object {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{path}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: TITLES[unit] ?? `ao ${unit}`, version },
    // The page is served by the unit itself, maybe behind a proxy.
    servers: [{ url: '.' }],
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas: {
        Error: {
          type: 'object',
          properties: {
            error: { type: 'string', description: 'A sentence a person can act on.' },
            code: { type: 'string', description: 'For programs; see docs/errors.md.' },
          },
          required: ['error'],
        },
      },
    },
  };
}

function operation({ url, schema }: DescribedRoute): object {
  const parameters = [
    ...pathParameters(url, schema.params),
    ...parametersIn('query', schema.querystring),
    ...parametersIn('header', schema.headers),
  ];
  const body = bodyOf(schema);
  return {
    ...(schema.summary ? { summary: schema.summary } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: body } } : {}),
    responses: {
      ...answersOf(schema.answers ?? { 200: z.unknown() }),
      default: {
        description: 'Why not.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

/** Every part of the path that varies, whether the route checks it or not. */
function pathParameters(url: string, schema: unknown): object[] {
  const { properties = {} } = jsonSchema(schema);
  return [...url.matchAll(/:(\w+)|\*/g)].map(([wildcard, name]) => ({
    name: name ?? 'path',
    in: 'path',
    required: true,
    schema: properties[name ?? wildcard] ?? { type: 'string' },
  }));
}

function parametersIn(place: 'query' | 'header', schema: unknown): object[] {
  const { properties = {}, required = [] } = jsonSchema(schema);
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }));
}

function bodyOf({ body, takes }: DescribedRoute['schema']): object | undefined {
  if (takes) return { [takes]: { schema: { type: 'string', format: 'binary' } } };
  return body === undefined ? undefined : { 'application/json': { schema: jsonSchema(body) } };
}

function answersOf(answers: Record<number, z.ZodType | string>): object {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [
      status,
      {
        description: Number(status) < 300 ? 'Done.' : 'See the summary.',
        content:
          typeof answer === 'string'
            ? { [answer]: { schema: { type: 'string' } } }
            : { 'application/json': { schema: jsonSchema(answer) } },
      },
    ]),
  );
}

function jsonSchema(schema: unknown): JsonSchema {
  if (!(schema instanceof z.ZodType)) return {};
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json as JsonSchema;
}
