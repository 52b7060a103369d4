import { strict as assert } from 'node:assert';
import { tagValue } from '@ao-ts/core/ans104';
import { firstHashChain, nextHashChain, readAssignmentTags } from '@ao-ts/core/schedule';
import {
  ScheduledProcess,
  ScheduleNode,
  SchedulePage,
  SchedulerInfo,
  SchedulerTime,
} from '@ao-ts/core/schemas';
import { z } from 'zod';
import { body, type Check, messageItem, post, processItem, type Target } from './check.ts';

const Accepted = z.object({ id: z.string(), timestamp: z.number() });
const Refused = z.object({ error: z.string() });

async function scheduled(
  target: Target,
  messages: number,
): Promise<{ processId: string; messageIds: string[] }> {
  const item = await processItem(target);
  await body(await post(target.su, item.raw), 200, Accepted);
  const messageIds: string[] = [];
  for (let i = 0; i < messages; i++) {
    const message = await messageItem(target, item.id, { Action: 'Note' }, `note ${i}`);
    messageIds.push((await body(await post(target.su, message.raw), 200, Accepted)).id);
    assert.equal(messageIds.at(-1), message.id);
  }
  return { processId: item.id, messageIds };
}

const page = async (url: string) => body(await fetch(url), 200, SchedulePage);

/** What compute units, messenger units and clients rely on in a Scheduler Unit. */
export const schedulerChecks: Check[] = [
  {
    name: 'GET / and GET /timestamp give strings',
    async run({ su, scheduler }) {
      const info = await body(await fetch(`${su}/`), 200, SchedulerInfo);
      assert.equal(info.address, scheduler);
      const time = await body(await fetch(`${su}/timestamp`), 200, SchedulerTime);
      assert.match(time.block_height, /^\d{12}$/);
    },
  },
  {
    name: 'the process is nonce 0 and its messages follow without a gap, each linked to the one before',
    async run(target) {
      const { processId, messageIds } = await scheduled(target, 3);
      const { edges, page_info } = await page(`${target.su}/${processId}`);
      assert.equal(page_info.has_next_page, false);
      const slots = edges.map(({ node }) => ({
        id: node.assignment.id,
        ...readAssignmentTags(node.assignment.tags),
      }));
      assert.deepEqual(
        slots.map((slot) => slot.nonce),
        [0, 1, 2, 3],
      );
      assert.deepEqual(
        slots.map((slot) => slot.messageId),
        [undefined, ...messageIds],
      );
      let chain = firstHashChain(processId);
      let timestamp = 0;
      for (const slot of slots) {
        assert.equal(slot.hashChain, chain);
        assert.ok(slot.timestamp > timestamp, 'timestamps grow strictly');
        chain = nextHashChain({ assignmentId: slot.id, hashChain: chain });
        timestamp = slot.timestamp;
      }
      assert.equal(tagValue(edges[0]?.node.message?.tags ?? [], 'Type'), 'Process');
    },
  },
  {
    name: 'pages: lower bounds exclusive, upper bounds inclusive, has_next_page exact',
    async run(target) {
      const { processId } = await scheduled(target, 3);
      const nonces = (got: SchedulePage) => got.edges.map((edge) => Number(edge.cursor));
      const url = `${target.su}/${processId}?process-id=${processId}`;
      assert.deepEqual(nonces(await page(`${url}&from-nonce=-1`)), [0, 1, 2, 3]);
      assert.deepEqual(nonces(await page(`${url}&from-nonce=0&to-nonce=2`)), [1, 2]);
      const first = await page(`${url}&limit=2`);
      assert.equal(first.page_info.has_next_page, true);
      const second = await page(`${url}&limit=2&from=${first.edges.at(-1)?.cursor}`);
      assert.equal(second.page_info.has_next_page, false);
      assert.equal(second.edges.length, 2);
      const none = await page(`${url}&from=${second.edges.at(-1)?.cursor}`);
      assert.deepEqual(none, { page_info: { has_next_page: false }, edges: [] });
    },
  },
  {
    name: 'a slot is found by message id and by assignment id; /latest and /processes answer',
    async run(target) {
      const { processId, messageIds } = await scheduled(target, 1);
      const [messageId = ''] = messageIds;
      const byMessage = await body(
        await fetch(`${target.su}/${messageId}?process-id=${processId}`),
        200,
        ScheduleNode,
      );
      const byAssignment = await fetch(`${target.su}/${byMessage.assignment.id}?process-id=${processId}`);
      assert.deepEqual(await body(byAssignment, 200, ScheduleNode), byMessage);
      assert.deepEqual(
        await body(await fetch(`${target.su}/${processId}/latest`), 200, ScheduleNode),
        byMessage,
      );
      const process = await body(await fetch(`${target.su}/processes/${processId}`), 200, ScheduledProcess);
      assert.equal(process.process_id, processId);
      assert.match(process.block, /^\d{12}$/);
    },
  },
  {
    name: 'what was scheduled once is refused, and leaves no slot behind',
    async run(target) {
      const item = await processItem(target);
      await body(await post(target.su, item.raw), 200, Accepted);
      const message = await messageItem(target, item.id);
      await body(await post(target.su, message.raw), 200, Accepted);
      for (const again of [item, message]) {
        const { error } = await body(await post(target.su, again.raw), 400, Refused);
        assert.match(error, /Message already exists/);
      }
      assert.equal((await page(`${target.su}/${item.id}`)).edges.length, 2);
    },
  },
  {
    name: 'unknown ids, unknown processes and broken items are 400 with an error text',
    async run(target) {
      const unknown = (await messageItem(target, target.module)).id;
      for (const path of [unknown, `processes/${unknown}`, `${unknown}/latest`]) {
        await body(await fetch(`${target.su}/${path}`), 400, Refused);
      }
      const nowhere = await messageItem(target, unknown);
      await body(await post(target.su, nowhere.raw), 400, Refused);
      await body(await post(target.su, nowhere.raw.subarray(0, 100)), 400, Refused);
    },
  },
];
