import { describe, expect, test } from 'vitest';
import { id, send } from './fake-network.ts';
import { mu, network, useUnit } from './unit.ts';

useUnit();

describe('assignments', () => {
  test('of clients are passed on with base-layer and exclude, and their outbox is sent', async () => {
    const receiver = network.addProcess();
    const process = network.addProcess(() => ({ Messages: [send(receiver)] }));
    const transaction = id();
    const path = `/?process-id=${process}&assign=${transaction}&base-layer&exclude=Data,Tags`;
    const { status, body } = await mu.post(new Uint8Array(0), path);
    const slot = network.schedule.get(process)?.at(-1);
    expect([status, body]).toEqual([202, { message: 'Processing Assignment', id: slot?.assignmentId }]);
    expect(slot).toMatchObject({ messageId: transaction, baseLayer: true, exclude: 'Data,Tags' });
    await mu.settled();
    expect(network.items(receiver)[0]?.tag('Pushed-For')).toBe(slot?.assignmentId);
    expect(network.cu.requests[0]?.url.pathname).toBe(`/result/${slot?.assignmentId}`);
    const again = `/?process-id=${process}&assign=${id()}&base-layer=true`;
    expect((await mu.post(new Uint8Array(0), again)).status).toBe(202);
    expect(network.schedule.get(process)?.at(-1)).toMatchObject({ baseLayer: true, exclude: null });
  });

  test.each([{ id: 'no-id' }, { id: `${id().slice(1)}\0` }, { id: 'x'.repeat(2_000_000) }])(
    'that a scheduler takes and answers with what is no id are told unsure, found there, and their outbox is sent once',
    async (answer) => {
      const receiver = network.addProcess();
      const process = network.addProcess(() => ({ Messages: [send(receiver)] }));
      const path = `/?process-id=${process}&assign=${network.module}`;
      network.su.fault = ({ method }) => (method === 'POST' ? { status: 200, body: answer } : undefined);
      expect((await mu.post(new Uint8Array(0), path)).body.code).toMatch(/^HTTP\.(MALFORMED|TOO_LARGE)$/);
      expect(await mu.get('/status')).toEqual({ pending: 0, unsure: 1, dead: 0 });
      network.su.fault = () => undefined;
      await fetch(network.su.url + path, { method: 'POST' });
      while (network.items(receiver).length === 0) await mu.get('/status');
      expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
      expect(network.items(receiver)).toHaveLength(1);
    },
  );

  test('of an outbox go to each process, with BaseLayer and Exclude', async () => {
    const [first, second] = [network.addProcess(), network.addProcess()];
    const transaction = id();
    const assignment = {
      Processes: [first, second],
      Message: transaction,
      BaseLayer: true,
      Exclude: ['Data'],
    };
    const last = network.addProcess();
    for (const process of [first, second])
      network.behaviours.set(process, () => ({ Messages: [send(last)] }));
    const sender = network.addProcess(() => ({ Assignments: [assignment] }));
    const root = await network.message(sender);
    await mu.post(root);
    await mu.settled();
    expect(network.items(last).map((item) => item.tag('Pushed-For'))).toEqual([root.id, root.id]);
    for (const process of [first, second]) {
      expect(network.schedule.get(process)?.[1]).toMatchObject({
        messageId: transaction,
        baseLayer: true,
        exclude: 'Data',
      });
    }
  });
});
