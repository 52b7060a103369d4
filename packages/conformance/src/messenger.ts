import { strict as assert } from 'node:assert';
import { EvaluationResult, ScheduleNode } from '@ao-ts/core/schemas';
import { z } from 'zod';
import { body, type Check, messageItem, post, processItem } from './check.ts';

const Accepted = z.object({ message: z.string(), id: z.string() });
const Refused = z.object({ error: z.string() });

/** What clients rely on in a Messenger Unit. */
export const messengerChecks: Check[] = [
  {
    name: 'GET / says that it is alive',
    async run({ mu }) {
      assert.equal(await (await fetch(`${mu}/`)).text(), 'ao messenger unit');
    },
  },
  {
    name: 'an item is answered 202 with its id, and is scheduled by then',
    async run(target) {
      const process = await processItem(target);
      assert.equal((await body(await post(target.mu, process.raw), 202, Accepted)).id, process.id);
      const message = await messageItem(target, process.id, { Action: 'Note' });
      assert.equal((await body(await post(target.mu, message.raw), 202, Accepted)).id, message.id);
      await body(await fetch(`${target.su}/${message.id}?process-id=${process.id}`), 200, ScheduleNode);
    },
  },
  {
    name: 'items that are broken, unsigned or of another protocol are 400',
    async run(target) {
      const process = await processItem(target);
      const changed = Uint8Array.from(process.raw);
      changed[changed.length - 1] = 1;
      for (const bad of [changed, process.raw.subarray(0, 50), new Uint8Array(0)]) {
        await body(await post(target.mu, bad), 400, Refused);
      }
    },
  },
  {
    name: 'what a process sends arrives at the other process, from it',
    async run(target) {
      const receiver = await processItem(
        target,
        'Handlers.add("n", { Action = "Note" }, function(m) Got = m.From end)',
      );
      const sender = await processItem(
        target,
        `Handlers.add("go", { Action = "Go" }, function() Send({ Target = "${receiver.id}", Action = "Note" }) end)`,
      );
      for (const item of [receiver, sender]) await body(await post(target.mu, item.raw), 202, Accepted);
      const go = await messageItem(target, sender.id, { Action: 'Go' });
      await body(await post(target.mu, go.raw), 202, Accepted);
      // The delivery takes the time it takes: the receiver is asked anew until it has the message.
      for (const deadline = Date.now() + 20_000; ; ) {
        const again = await messageItem(target, receiver.id, { Action: 'Eval' }, 'return Got');
        await body(await post(target.mu, again.raw), 202, Accepted);
        const url = `${target.cu}/result/${again.id}?process-id=${receiver.id}`;
        const { Output } = await body(await fetch(url), 200, EvaluationResult);
        if (JSON.stringify(Output).includes(sender.id)) return;
        assert.ok(Date.now() < deadline, `what message ${go.id} caused did not arrive`);
      }
    },
  },
];
