import { strict as assert } from 'node:assert';
import { EvaluationResult } from '@ao-ts/core/schemas';
import { z } from 'zod';
import { body, type Check, messageItem, post, processItem } from './check.ts';

const Accepted = z.object({ message: z.string(), id: z.string() });
const Refused = z.object({ error: z.string() });

async function refused(response: Response): Promise<void> {
  assert.ok(response.status >= 400 && response.status < 500, `status ${response.status}`);
  await body(response, response.status, Refused);
}

/** What clients rely on in routers: the target's `mu` and `cu` are theirs. */
export const routerChecks: Check[] = [
  {
    name: 'GET /healthcheck is the router itself',
    async run({ mu, cu }) {
      for (const url of [mu, cu]) {
        const response = await fetch(`${url}/healthcheck`);
        assert.deepEqual([response.status, await response.text()], [200, 'OK']);
      }
    },
  },
  {
    name: 'items find their messenger unit, and processes their compute unit',
    async run(target) {
      const process = await processItem(
        target,
        'Handlers.add("n", { Action = "Note" }, function() print("noted") end)',
      );
      assert.equal((await body(await post(target.mu, process.raw), 202, Accepted)).id, process.id);
      const message = await messageItem(target, process.id, { Action: 'Note' });
      assert.equal((await body(await post(target.mu, message.raw), 202, Accepted)).id, message.id);
      const result = await fetch(`${target.cu}/result/${message.id}?process-id=${process.id}`);
      assert.match(JSON.stringify((await body(result, 200, EvaluationResult)).Output), /noted/);
    },
  },
  {
    name: 'what names no process is 404, and says so',
    async run({ mu, cu }) {
      for (const [url, method] of [
        [`${cu}/result/x`, 'GET'],
        [`${cu}/dry-run`, 'POST'],
        [`${mu}/?assign=x`, 'POST'],
      ] as const) {
        const { error } = await body(await fetch(url, { method }), 404, Refused);
        assert.equal(error, 'Process id not found on request');
      }
    },
  },
  {
    name: 'what is no item is refused, and the router lives on',
    async run(target) {
      const process = await processItem(target);
      for (const junk of [Buffer.from('junk'), process.raw.subarray(0, 50), new Uint8Array(0)]) {
        await refused(await post(target.mu, junk));
      }
      assert.equal((await fetch(`${target.mu}/healthcheck`)).status, 200);
    },
  },
];
