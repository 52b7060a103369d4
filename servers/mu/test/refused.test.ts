import { randomBytes } from 'node:crypto';
import {
  assembleDataItem,
  createDataItem,
  encodeContent,
  NO_LIMITS,
  signatureMessage,
} from '@ao-ts/core/ans104';
import { afterEach, describe, expect, test } from 'vitest';
import { id } from './fake-network.ts';
import { mu, network, restart, useUnit } from './unit.ts';

useUnit();

const NOT_AN_ITEM = "'body': A valid and signed data item must be provided as the body.";
const writes = () => network.su.requests.filter(({ method }) => method === 'POST');

describe('what is refused is refused in words a person can act on, and leaves nothing behind', () => {
  const signed = (content: Parameters<typeof createDataItem>[0]) => createDataItem(content, network.client);
  const ao = { name: 'Data-Protocol', value: 'ao' };
  const type = (value: string) => ({ name: 'Type', value });

  afterEach(async () => {
    expect(writes()).toEqual([]);
    expect(await mu.get('/status')).toEqual({ pending: 0, unsure: 0, dead: 0 });
  });

  test('junk, nothing, another content type, a changed item', async () => {
    const item = await network.message(network.addProcess());
    const changed = Buffer.from(item.raw);
    changed[changed.length - 1] = 1;
    for (const body of [new Uint8Array(0), randomBytes(2000), changed]) {
      expect(await mu.post(body)).toMatchObject({ status: 400, body: { error: NOT_AN_ITEM } });
    }
    for (const contentType of ['text/plain', 'application/json', 'nonsense', '', ';;;']) {
      const response = await fetch(mu.url, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body: Buffer.from(item.raw),
      });
      expect([response.status, await response.json()]).toMatchObject([400, { error: NOT_AN_ITEM }]);
    }
  });

  test('tags that are missing, or in lower case', async () => {
    const target = network.addProcess();
    const protocol = "Tag 'Data-Protocol': must contain 'ao'";
    const cases: [Parameters<typeof createDataItem>[0], string][] = [
      [{ target, tags: [type('Message')] }, protocol],
      [{ target, tags: [{ name: 'data-protocol', value: 'ao' }, type('Message')] }, protocol],
      [
        { target, tags: [ao, { name: 'type', value: 'Message' }] },
        "Tag 'Type': must be either 'Process' or 'Message'",
      ],
      [
        { target, tags: [ao, type('Process'), type('Message')] },
        "No Scheduler tag found on 'Process' DataItem",
      ],
      [{ target, tags: [ao] }, "Tag 'Type': must be either 'Process' or 'Message'"],
      [{ target, tags: [ao, type('Other')] }, "Tag 'Type': must be either 'Process' or 'Message'"],
      [{ tags: [ao, type('Process')] }, "No Scheduler tag found on 'Process' DataItem"],
      [{ tags: [ao, type('Message')] }, 'A message needs a target: the id of the process it is for.'],
    ];
    for (const [content, error] of cases) {
      expect(await mu.post(await signed(content))).toMatchObject({ status: 400, body: { error } });
    }
  });

  test('more tags than ANS-104 allows', async () => {
    const target = network.addProcess();
    const many = Array.from({ length: 200 }, () => ({ name: 'N', value: 'v' }));
    const large = Array.from({ length: 2 }, () => ({ name: 'N', value: 'v'.repeat(3000) }));
    for (const tags of [many, large]) {
      const unsigned = encodeContent(
        { target, tags: [ao, type('Message'), ...tags] },
        network.client,
        NO_LIMITS,
      );
      const { raw } = assembleDataItem(unsigned, await network.client.sign(signatureMessage(unsigned)));
      expect(await mu.post(raw)).toMatchObject({
        status: 400,
        body: { error: NOT_AN_ITEM, code: 'ANS104.LIMIT' },
      });
    }
  });

  test('a target nobody knows, a scheduler without a location', async () => {
    const unknown = await mu.post(await network.message(id()));
    expect(unknown).toMatchObject({ status: 404, body: { code: 'PROCESS.NOT_FOUND' } });
    const item = await signed({ tags: [ao, type('Process'), { name: 'Scheduler', value: id() }] });
    expect(await mu.post(item)).toMatchObject({ status: 400, body: { code: 'SCHEDULER.NOT_FOUND' } });
  });

  test('half an assignment, an assignment to what is no process', async () => {
    const text = 'You must set both process-id and assign to send an assignment, not just one';
    for (const path of [`/?process-id=${id()}`, `/?assign=${id()}`]) {
      expect(await mu.post(new Uint8Array(0), path)).toMatchObject({ status: 400, body: { error: text } });
    }
    for (const bad of ['x', '%00', `${id()}%00`, 'x'.repeat(4000)]) {
      for (const path of [`/?process-id=${bad}&assign=${id()}`, `/?process-id=${id()}&assign=${bad}`]) {
        const error = expect.stringContaining('43 characters');
        const refused = { status: 400, body: { code: 'REQUEST.INVALID', error } };
        expect(await mu.post(new Uint8Array(0), path)).toMatchObject(refused);
      }
    }
    const path = `/?process-id=${id()}&assign=${id()}`;
    expect(await mu.post(new Uint8Array(0), path)).toMatchObject({ status: 404 });
  });

  test('what is larger than 10 MiB', async () => {
    expect((await mu.post(new Uint8Array(10 * 1024 * 1024 + 1))).status).toBe(413);
  });
});

test('a directory that does not answer is not a target nobody knows', async () => {
  const item = await network.message(id());
  for (const unit of [network.gateway, network.su]) {
    for (const fault of [{ status: 500 }, { status: 200, body: '<html>' }, 'break-before'] as const) {
      unit.fault = () => fault;
      expect([502, 503]).toContain((await mu.post(item)).status);
    }
    unit.fault = () => undefined;
  }
  expect((await mu.post(item)).status).toBe(404);
  await restart({ env: { ANSWER_TIMEOUT_MS: '100' } });
  const late = Promise.withResolvers<undefined>();
  for (const unit of [network.gateway, network.su]) {
    unit.fault = () => late.promise;
    expect(await mu.post(item)).toMatchObject({ status: 504, body: { code: 'HTTP.TIMEOUT' } });
  }
  late.resolve(undefined);
  expect(await mu.get('/status')).toEqual({ pending: 0, unsure: 0, dead: 0 });
});
