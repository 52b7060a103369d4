import { GraphQLError } from 'graphql';

/** Nodes on one page; who asks for more gets this many, and `hasNextPage`. */
const MAX_FIRST = 1000;
/** Nodes asked for in one request, over all its fields. */
const MAX_NODES = 5000;

/** The arguments of a list, as they come. */
export interface RawPage {
  first?: number | null;
  after?: string | null;
  sort?: string | null;
}

export interface PageArguments {
  first: number;
  after: number | undefined;
  order: 'asc' | 'desc';
}

/** How many nodes a request may still ask for, by its GraphQL context. */
const nodesLeft = new WeakMap<object, number>();

/** Reads the arguments of a page. `request` is the GraphQL context: its nodes are counted. */
export function pageArguments({ first, after, sort }: RawPage, request: object): PageArguments {
  const count = Math.min(first ?? 10, MAX_FIRST);
  if (count < 1) throw new GraphQLError("'first' must be at least 1.");
  const left = nodesLeft.get(request) ?? MAX_NODES;
  if (count > left) throw tooMany("'first', over the whole query", MAX_NODES);
  nodesLeft.set(request, left - count);
  return {
    first: count,
    after: after ? decodeCursor(after) : undefined,
    order: sort?.endsWith('_ASC') ? 'asc' : 'desc',
  };
}

export function tooMany(what: string, max: number): GraphQLError {
  return new GraphQLError(`At most ${max} are allowed for ${what}.`);
}

/** The cursor of a place in a list. */
export function encodeCursor(position: number): string {
  return Buffer.from(String(position)).toString('base64url');
}

function decodeCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!/^\d{1,15}$/.test(text)) throw new GraphQLError(`'${cursor}' is not a cursor of this gateway.`);
  return Number(text);
}
