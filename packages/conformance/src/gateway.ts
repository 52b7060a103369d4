import { strict as assert } from 'node:assert';
import { createDataItem } from '@ao-ts/core/ans104';
import { GatewayTransaction } from '@ao-ts/core/schemas';
import { z } from 'zod';
import { body, type Check, post, type Target, tagList } from './check.ts';

const Edges = z.object({
  data: z.object({
    transactions: z.object({ edges: z.array(z.object({ node: GatewayTransaction, cursor: z.string() })) }),
  }),
});

async function transactions(target: Target, args: string) {
  const query = `{ transactions(${args}) { edges { cursor node { id recipient owner { address } tags { name value } block { height timestamp } } } } }`;
  const response = await fetch(`${target.gateway}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await body(response, 200, Edges)).data.transactions.edges;
}

/** What the units and clients rely on in a gateway with an uploader. */
export const gatewayChecks: Check[] = [
  {
    name: 'GET /info gives a height above 1,600,000, from which processes are checked and pushed in full',
    async run({ gateway }) {
      const { height } = await body(await fetch(`${gateway}/info`), 200, z.object({ height: z.number() }));
      assert.ok(height > 1_600_000);
    },
  },
  {
    name: 'an uploaded item is found by id, owner and tag, and its data can be read',
    async run(target) {
      const tags = tagList({ 'Content-Type': 'text/plain', Mark: Date.now().toString(36) });
      const item = await createDataItem({ tags, data: 'kept' }, target.signer);
      const uploaded = await post(`${target.gateway}/tx/arweave`, item.raw);
      assert.equal((await body(uploaded, 200, z.object({ id: z.string() }))).id, item.id);
      const filters = `owners: ["${item.ownerAddress}"], tags: [{ name: "Mark", values: ["${tags[1]?.value}"] }]`;
      for (const args of [`ids: ["${item.id}"]`, filters]) {
        const [edge] = await transactions(target, args);
        assert.equal(edge?.node.id, item.id);
        assert.deepEqual(edge?.node.tags, tags);
      }
      assert.equal(await (await fetch(`${target.gateway}/raw/${item.id}`)).text(), 'kept');
      const part = await fetch(`${target.gateway}/${item.id}`, { headers: { range: 'bytes=1-2' } });
      assert.equal(part.status, 206);
      assert.equal(await part.text(), 'ep');
    },
  },
  {
    name: 'the module and the location of the scheduler are there',
    async run(target) {
      const [module] = await transactions(target, `ids: ["${target.module}"]`);
      for (const name of [
        'Module-Format',
        'Input-Encoding',
        'Output-Encoding',
        'Memory-Limit',
        'Compute-Limit',
      ]) {
        assert.ok(
          module?.node.tags.some((tag) => tag.name === name),
          `the module has no ${name} tag`,
        );
      }
      const location = `owners: ["${target.scheduler}"], tags: [{ name: "Type", values: ["Scheduler-Location"] }], first: 1, sort: HEIGHT_DESC`;
      const [record] = await transactions(target, location);
      assert.ok(record?.node.tags.some(({ name, value }) => name === 'Url' && value === target.su));
    },
  },
  {
    name: 'an item whose signature does not hold is refused',
    async run(target) {
      const item = await createDataItem({ data: 'kept' }, target.signer);
      const changed = Uint8Array.from(item.raw);
      changed[changed.length - 1] = 0;
      assert.equal((await post(`${target.gateway}/tx/arweave`, changed)).status, 400);
    },
  },
];
