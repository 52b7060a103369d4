import { strict as assert } from 'node:assert';
import { EvaluationResult, ResultsPage } from '@ao-ts/core/schemas';
import { z } from 'zod';
import { body, type Check, messageItem, post, processItem, type Target } from './check.ts';

const Refused = z.object({ error: z.string() });

const COUNTER = `
Count = 0
Handlers.add("count", { Action = "Count" }, function(msg)
  Count = Count + 1
  msg.reply({ Data = tostring(Count) })
end)`;

async function counted(target: Target, times: number): Promise<{ processId: string; messageIds: string[] }> {
  const process = await processItem(target, COUNTER);
  assert.equal((await post(target.su, process.raw)).status, 200);
  const messageIds: string[] = [];
  for (let i = 0; i < times; i++) {
    const message = await messageItem(target, process.id, { Action: 'Count' });
    assert.equal((await post(target.su, message.raw)).status, 200);
    messageIds.push(message.id);
  }
  return { processId: process.id, messageIds };
}

const reply = (result: EvaluationResult) => (result.Messages[0] as { Data?: unknown } | undefined)?.Data;

/** What messenger units, the aos console and clients rely on in a Compute Unit. */
export const computeChecks: Check[] = [
  {
    name: 'GET / gives an address and a number of milliseconds',
    async run({ cu }) {
      await body(await fetch(`${cu}/`), 200, z.object({ address: z.string(), timestamp: z.number() }));
    },
  },
  {
    name: 'each message has its own result, for ever, whatever the order it is asked for in',
    async run(target) {
      const { processId, messageIds } = await counted(target, 3);
      for (const index of [2, 0, 1, 2]) {
        const url = `${target.cu}/result/${messageIds[index]}?process-id=${processId}`;
        assert.equal(reply(await body(await fetch(url), 200, EvaluationResult)), String(index + 1));
      }
      await body(
        await fetch(`${target.cu}/result/${processId}?process-id=${processId}`),
        200,
        EvaluationResult,
      );
    },
  },
  {
    name: 'results: cursors are base64 JSON with the ordinate, exclusive at the lower end',
    async run(target) {
      const { processId, messageIds } = await counted(target, 3);
      await fetch(`${target.cu}/result/${messageIds[2]}?process-id=${processId}`);
      const all = await body(
        await fetch(`${target.cu}/results/${processId}?sort=ASC&limit=10`),
        200,
        ResultsPage,
      );
      const ordinates = all.edges.map(
        ({ cursor }) => (JSON.parse(atob(cursor)) as { ordinate: string }).ordinate,
      );
      assert.deepEqual(ordinates, ['0', '1', '2', '3']);
      const rest = await body(
        await fetch(`${target.cu}/results/${processId}?from=${all.edges[2]?.cursor}`),
        200,
        ResultsPage,
      );
      assert.equal(rest.edges.length, 1);
      const last = await body(
        await fetch(`${target.cu}/results/${processId}?sort=DESC&limit=1`),
        200,
        ResultsPage,
      );
      assert.equal(last.pageInfo.hasNextPage, true);
      assert.equal(reply(last.edges[0]?.node as EvaluationResult), '3');
    },
  },
  {
    name: 'a dry-run sees the newest state and changes nothing',
    async run(target) {
      const { processId } = await counted(target, 2);
      const dryRun = async () => {
        const response = await fetch(`${target.cu}/dry-run?process-id=${processId}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            Id: '1234',
            Owner: '1234',
            Target: processId,
            Anchor: '0',
            Data: '1234',
            Tags: [{ name: 'Action', value: 'Count' }],
          }),
        });
        return reply(await body(response, 200, EvaluationResult));
      };
      assert.deepEqual([await dryRun(), await dryRun()], ['3', '3']);
    },
  },
  {
    name: 'an unknown process or message is an error in JSON, not a result',
    async run(target) {
      const { processId } = await counted(target, 0);
      const unknown = (await messageItem(target, processId)).id;
      for (const [process, message] of [
        [unknown, unknown],
        [processId, unknown],
      ]) {
        const response = await fetch(`${target.cu}/result/${message}?process-id=${process}`);
        assert.ok(response.status >= 400 && response.status < 500, `status ${response.status}`);
        await body(response, response.status, Refused);
      }
    },
  },
];
