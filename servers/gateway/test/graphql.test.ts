import { randomBytes } from 'node:crypto';
import { createDataItem, ethereumSigner, type Tag } from '@ao-ts/core/ans104';
import { describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from './support.ts';

const signer = ethereumSigner(randomBytes(32));
const other = ethereumSigner(randomBytes(32));

function item(tags: Record<string, string>, options: { by?: typeof signer; target?: string } = {}) {
  const list: Tag[] = Object.entries(tags).map(([name, value]) => ({ name, value }));
  const { by = signer, target } = options;
  return createDataItem({ data: 'x', tags: list, ...(target ? { target } : {}) }, by);
}

interface Connection {
  pageInfo: { hasNextPage: boolean };
  edges: { cursor: string; node: { id: string; block: { height: number; timestamp: number } | null } }[];
}

async function search(gateway: TestGateway, parameters: string, variables: Record<string, unknown> = {}) {
  const declared = Object.keys(variables).length > 0 ? '($after: String)' : '';
  const { transactions } = await gateway.query<{ transactions: Connection }>(
    `query ${declared} { transactions(${parameters}) {
       pageInfo { hasNextPage } edges { cursor node { id block { height timestamp } } } } }`,
    variables,
  );
  return transactions;
}

const idsOf = ({ edges }: Connection) => edges.map(({ node }) => node.id);

async function upload(gateway: TestGateway, ...items: Awaited<ReturnType<typeof item>>[]): Promise<string[]> {
  for (const one of items) await gateway.upload(one);
  return items.map((one) => one.id);
}

describe('transactions', () => {
  it('are found by any value of every tag, by owner and by recipient', async () => {
    const gateway = await startGateway();
    const target = other.address;
    const [process, message, foreign] = await upload(
      gateway,
      await item({ 'Data-Protocol': 'ao', Type: 'Process', Name: 'one' }),
      await item({ 'Data-Protocol': 'ao', Type: 'Message' }, { target }),
      await item({ 'Data-Protocol': 'other', Type: 'Message' }, { by: other }),
    );
    const found = async (parameters: string) => idsOf(await search(gateway, parameters));
    expect(await found('tags: [{ name: "Data-Protocol", values: ["ao"] }]')).toEqual([message, process]);
    expect(await found('tags: [{ name: "Type", values: ["Process", "Message"] }], sort: HEIGHT_ASC')).toEqual(
      [process, message, foreign],
    );
    expect(
      await found('tags: [{ name: "Data-Protocol", values: ["ao"] }, { name: "Type", values: ["Message"] }]'),
    ).toEqual([message]);
    expect(await found('tags: [{ name: "type", values: ["Message"] }]')).toEqual([]);
    expect(await found('tags: [{ name: "Type", values: ["Message"], op: NEQ }]')).toEqual([process]);
    expect(await found('tags: [{ name: "Type", values: [] }]')).toEqual([]);
    expect(await found(`owners: ["${other.address}", ""]`)).toEqual([foreign]);
    expect(await found(`owners: [], recipients: ["${target}"]`)).toEqual([message]);
    expect(await found(`ids: ["${foreign}", "${process}", "unknown"]`)).toEqual([foreign, process]);
    expect(
      await found(`ids: ["${foreign}", "${process}"], tags: [{ name: "Type", values: ["Process"] }]`),
    ).toEqual([process]);
    expect(await found('first: 10')).toEqual([foreign, message, process]);
  });

  it.each(['HEIGHT_ASC', 'HEIGHT_DESC'])('come in pages that miss and repeat nothing: %s', async (sort) => {
    const gateway = await startGateway();
    const expected: string[] = [];
    for (let n = 0; n < 7; n++) {
      expected.push(...(await upload(gateway, await item({ Kind: n % 2 ? 'odd' : 'even', N: String(n) }))));
      if (n % 3 === 0) await gateway.get('/mine');
    }
    if (sort === 'HEIGHT_DESC') expected.reverse();
    const seen: string[] = [];
    let after: string | undefined;
    for (let page = 1; ; page++) {
      const parameters = `tags: [{ name: "Kind", values: ["odd", "even"] }], first: 3, after: $after, sort: ${sort}`;
      const { edges, pageInfo } = await search(gateway, parameters, { after });
      seen.push(...edges.map(({ node }) => node.id));
      after = edges.at(-1)?.cursor;
      expect(pageInfo.hasNextPage).toBe(page < 3);
      if (!pageInfo.hasNextPage) break;
    }
    expect(seen).toEqual(expected);
  });

  it('have a block once there is one, and are then found by its height', async () => {
    const gateway = await startGateway();
    const [first] = await upload(gateway, await item({ Name: 'first' }));
    expect((await search(gateway, 'first: 1')).edges[0]?.node.block).toBeNull();
    expect(idsOf(await search(gateway, 'block: { min: null, max: null }'))).toEqual([first]);
    expect(idsOf(await search(gateway, 'block: { min: 0 }'))).toEqual([]);
    expect(idsOf(await search(gateway, 'block: { max: 2000000 }'))).toEqual([]);
    await gateway.get('/mine');
    const [second] = await upload(gateway, await item({ Name: 'second' }));
    await gateway.get('/mine');
    const { edges } = await search(gateway, 'sort: HEIGHT_ASC');
    expect(edges.map(({ node }) => node.block?.height)).toEqual([1_650_001, 1_650_002]);
    expect(edges[0]?.node.block?.timestamp).toBeCloseTo(Date.now() / 1000, -2);
    expect(idsOf(await search(gateway, 'block: { min: 1650002 }'))).toEqual([second]);
    expect(idsOf(await search(gateway, 'block: { min: 0, max: 1650001 }'))).toEqual([first]);
    expect(idsOf(await search(gateway, 'block: { min: 1650003 }'))).toEqual([]);
    expect(idsOf(await search(gateway, 'block: { max: 1650000 }'))).toEqual([]);
  });

  it('leave out what a query leaves out by its variables', async () => {
    const gateway = await startGateway();
    const [id] = await upload(gateway, await item({ Name: 'x' }));
    const { transactions } = await gateway.query<{ transactions: { edges: { node: object }[] } }>(
      `query ($ids: [ID!]!, $skipSignature: Boolean!, $withTags: Boolean = false) {
         transactions(ids: $ids) { edges { node { ...Fields } } }
       }
       fragment Fields on Transaction {
         id signature @skip(if: $skipSignature) tags @include(if: $withTags) { name }
       }`,
      { ids: [id], skipSignature: true, unknown: 'harmless' },
    );
    expect(transactions.edges[0]?.node).toEqual({ id });
  });

  it('can be asked for with GET', async () => {
    const gateway = await startGateway();
    const [id] = await upload(gateway, await item({ Name: 'x' }));
    const parameters = new URLSearchParams({
      query: 'query ($id: ID!) { transaction(id: $id) { id } }',
      variables: JSON.stringify({ id }),
    });
    const answer = await gateway.get(`/graphql?${parameters}`);
    expect(await answer.json()).toEqual({ data: { transaction: { id } } });
  });
});

describe('blocks', () => {
  interface Blocks {
    blocks: {
      pageInfo: { hasNextPage: boolean };
      edges: { cursor: string; node: { id: string; height: number; timestamp: number; previous: string } }[];
    };
  }
  const QUERY = `query ($min: Int, $max: Int, $first: Int, $after: String, $sort: SortOrder) {
    blocks(height: { min: $min, max: $max }, first: $first, after: $after, sort: $sort) {
      pageInfo { hasNextPage } edges { cursor node { id height timestamp previous } } } }`;

  it('come in pages, in seconds, each with the one before', async () => {
    let now = 1_700_000_000_000;
    const gateway = await startGateway({ env: { BLOCK_TIME_MS: '3000' }, clock: () => now });
    now += 30_000;
    const first = await gateway.query<Blocks>(QUERY, { min: 1_650_002, first: 5, sort: 'HEIGHT_ASC' });
    expect(first.blocks.edges.map(({ node }) => [node.height, node.timestamp])).toEqual([
      [1_650_002, 1_700_000_006],
      [1_650_003, 1_700_000_009],
      [1_650_004, 1_700_000_012],
      [1_650_005, 1_700_000_015],
      [1_650_006, 1_700_000_018],
    ]);
    expect(first.blocks.pageInfo.hasNextPage).toBe(true);
    const after = first.blocks.edges.at(-1)?.cursor;
    const second = await gateway.query<Blocks>(QUERY, { min: 0, first: 90, after, sort: 'HEIGHT_ASC' });
    expect(second.blocks.edges.map(({ node }) => node.height)).toEqual([
      1_650_007, 1_650_008, 1_650_009, 1_650_010,
    ]);
    expect(second.blocks.pageInfo.hasNextPage).toBe(false);
    expect(second.blocks.edges[0]?.node.previous).toBe(first.blocks.edges.at(-1)?.node.id);
    const newest = await gateway.query<Blocks>(QUERY, { max: 1_650_004, first: 2, sort: 'HEIGHT_DESC' });
    expect(newest.blocks.edges.map(({ node }) => node.height)).toEqual([1_650_004, 1_650_003]);
    const none = await gateway.query<Blocks>(QUERY, { min: 1_650_011 });
    expect(none.blocks).toEqual({ pageInfo: { hasNextPage: false }, edges: [] });
  });

  it('are found by their ids', async () => {
    const gateway = await startGateway();
    await gateway.get('/mine/3');
    const { block } = await gateway.query<{ block: { id: string } }>('{ block { id height } }');
    expect(block).toMatchObject({ height: 1_650_003 });
    const { blocks } = await gateway.query<Blocks>(
      'query ($ids: [ID!]) { blocks(ids: $ids) { edges { node { height } } } }',
      { ids: [block.id, 'unknown', Buffer.alloc(48, 255).toString('base64url')] },
    );
    expect(blocks.edges).toEqual([{ node: { height: 1_650_003 } }]);
  });
});

describe('a query that asks too much', () => {
  const nested = (depth: number) =>
    `{ __schema { types { ${'fields { type { '.repeat(depth)} name ${'} }'.repeat(depth)} } } }`;
  const fragments = (count: number) =>
    `{ transactions { edges { node { ...F0 } } } } ${Array.from({ length: count }, (_, n) =>
      n < count - 1
        ? `fragment F${n} on Transaction { a${n}: block { id } ...F${n + 1} ...F${n + 1} }`
        : `fragment F${n} on Transaction { id }`,
    ).join(' ')}`;

  it.each([
    ['is too deep', nested(30)],
    ['has too many fields', `{ ${Array.from({ length: 300 }, (_, n) => `a${n}: block { id }`).join(' ')} }`],
    ['multiplies by fragments', fragments(60)],
    ['spreads a fragment in itself', '{ ...A } fragment A on Query { block { id } ...A }'],
    ['is too long', `{ ${'block { id } '.repeat(2000)} }`],
    ['is no GraphQL', '{ transactions('],
    ['asks for what is not there', '{ transactions { edges { node { secret } } } }'],
  ])('is refused with 400 when it %s', async (_why, query) => {
    const gateway = await startGateway();
    const answer = await gateway.post('/graphql', { query });
    expect(answer.status).toBe(400);
    const { errors } = (await answer.json()) as { errors: { message: string }[] };
    expect(errors[0]?.message).toMatch(/\w/);
  });

  it.each([
    [
      'many pages',
      Array.from({ length: 6 }, (_, n) => `a${n}: transactions(first: 1000) { count }`).join(' '),
    ],
    ['no page', 'transactions(first: 0) { count }'],
    ['many ids', `transactions(ids: [${'"a" '.repeat(1001)}]) { count }`],
    ['many owners', `transactions(owners: [${'"a" '.repeat(101)}]) { count }`],
    ['many values', `transactions(tags: [{ name: "a", values: [${'"a" '.repeat(101)}] }]) { count }`],
    ['many tags', `transactions(tags: [${'{ name: "a", values: ["b"] } '.repeat(21)}]) { count }`],
    ['a foreign cursor', 'transactions(after: "!!") { count }'],
  ])('is told so when it wants %s', async (_what, fields) => {
    const gateway = await startGateway();
    const answer = await gateway.post('/graphql', { query: `{ ${fields} }` });
    const { errors } = (await answer.json()) as { errors?: { message: string }[] };
    expect(errors?.[0]?.message).toMatch(/At most|at least|cursor/);
  });

  it('still lets the introspection of tools pass', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    const gateway = await startGateway();
    const data = await gateway.query<{ __schema: { queryType: { name: string } } }>(getIntrospectionQuery());
    expect(data.__schema.queryType.name).toBe('Query');
  });

  it('is refused when its body is not a request', async () => {
    const gateway = await startGateway();
    for (const body of ['[]', '{}', '{"query":5}', 'null', '{"query":"{block{id}}","variables":[]}', '{']) {
      expect({ body, status: (await gateway.post('/graphql', body)).status }).toEqual({ body, status: 400 });
    }
    const large = JSON.stringify({ query: '{ block { id } }', variables: { x: 'x'.repeat(300_000) } });
    expect((await gateway.post('/graphql', large)).status).toBe(413);
  });
});
