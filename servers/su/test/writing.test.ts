import { arweaveSigner, createDataItem, verifyDataItem } from '@ao-ts/core/ans104';
import { generateWallet } from '@ao-ts/server-kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectSound,
  FakeArweave,
  messageItem,
  newSigner,
  type Rig,
  readAll,
  rebuildAssignment,
  spawn,
  spawnItem,
  startScheduler,
  until,
} from './support.ts';

let arweave: FakeArweave;
let rig: Rig & AsyncDisposable;
const user = newSigner();

beforeAll(async () => {
  arweave = await new FakeArweave().start();
  rig = await startScheduler({ arweave, signer: arweaveSigner(await generateWallet()) });
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await arweave[Symbol.asyncDispose]();
});

const names = (tags: { name: string }[]) => tags.map((tag) => tag.name);
const CHAIN_TAGS = ['Process', 'Epoch', 'Nonce', 'Hash-Chain', 'Block-Height', 'Timestamp'];
const PROTOCOL_TAGS = ['Data-Protocol', 'Type', 'Variant'];

/** As clients of Scheduler Units know it. */
const byteError = (text: string) =>
  `error in builder: BuilderError("Byte error in builder: ByteError(\\"${text}\\")")`;

describe('a spawn', () => {
  test('is nonce 0, without a Message tag, and is answered with the process id', async () => {
    const item = await spawnItem(rig.address, user);
    const { status, body } = await rig.post(item);
    expect(status).toBe(200);
    expect(body).toEqual({ id: item.id, timestamp: expect.any(Number), nonce: 0 });
    const [edge, ...rest] = await readAll(rig, item.id);
    expect(rest).toEqual([]);
    expect(edge?.node.message?.id).toBe(item.id);
    expect(names(edge?.node.assignment.tags ?? [])).toEqual([...CHAIN_TAGS, ...PROTOCOL_TAGS]);
    expect(edge?.cursor).toBe(String(body.timestamp));
    expectSound(item.id, [edge as never]);
  });

  test('posted again is refused and leaves the chain intact', async () => {
    const item = await spawnItem(rig.address, user);
    await rig.post(item);
    await rig.post(await messageItem(item.id, user));
    const again = await rig.post(item);
    expect(again.status).toBe(400);
    expect(again.body.error).toBe('MessageExists("Message already exists")');
    await rig.post(await messageItem(item.id, user));
    const edges = await readAll(rig, item.id);
    expect(edges).toHaveLength(3);
    expectSound(item.id, edges);
  });

  test('for another scheduler, or without Module or Scheduler, is refused', async () => {
    const foreign = await rig.post(await spawnItem(user.address, user));
    expect(foreign.status).toBe(400);
    expect(foreign.body.error).toContain(rig.address);
    const bare = await createDataItem(
      {
        tags: [
          { name: 'Data-Protocol', value: 'ao' },
          { name: 'Type', value: 'Process' },
        ],
      },
      user,
    );
    expect((await rig.post(bare)).body.error).toBe(
      'Required Module and Scheduler tags for Process type not present',
    );
  });

  test('needs what On-Boot names to be on Arweave', async () => {
    const boot = '4QTyVpvWlwjfsYAvkTSIWjp5XVGf-Rg_Co8K1lPNbvo';
    const tags = [{ name: 'On-Boot', value: boot }];
    const early = await rig.post(await spawnItem(rig.address, user, { tags }));
    expect(early.body.error).toBe('Invalid tx id for On-Boot tag');
    arweave.transactions.set(boot, { tags: [] });
    expect((await rig.post(await spawnItem(rig.address, user, { tags }))).status).toBe(200);
    const scheduled = [{ name: 'On-Boot', value: await spawn(rig) }];
    expect((await rig.post(await spawnItem(rig.address, user, { tags: scheduled }))).status).toBe(200);
    const data = [{ name: 'On-Boot', value: 'Data' }];
    expect((await rig.post(await spawnItem(rig.address, user, { tags: data }))).status).toBe(200);
  });
});

describe('a message', () => {
  test('gets the next nonce and a signed assignment of its id', async () => {
    const processId = await spawn(rig);
    const item = await messageItem(processId, user);
    const { status, body } = await rig.post(item);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: item.id, nonce: 1 });
    const node = await rig.node(`/${item.id}?process-id=${processId}&show-anchor`);
    const { assignment } = node;
    expect(names(assignment.tags)).toEqual([...CHAIN_TAGS, ...PROTOCOL_TAGS, 'Message']);
    expect(assignment.tags).toContainEqual({ name: 'Message', value: item.id });
    expect(assignment.tags).toContainEqual({ name: 'Timestamp', value: String(body.timestamp) });
    expect(assignment.tags).toContainEqual({ name: 'Block-Height', value: '000001700000' });

    const rebuilt = await rebuildAssignment(assignment);
    expect(rebuilt.id).toBe(assignment.id);
    expect(await verifyDataItem(rebuilt)).toBe(true);
  });

  test('posted again, at the same time or later, is refused once it has a slot', async () => {
    const processId = await spawn(rig);
    const item = await messageItem(processId, user);
    const answers = await Promise.all([rig.post(item), rig.post(item), rig.post(item)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    const later = await rig.post(item);
    expect(later.body.error).toBe('MessageExists("Message already exists")');
    expect(await readAll(rig, processId)).toHaveLength(2);
  });

  test.each([
    ['an unknown process', () => messageItem(user.address, user), 'NotFound("Process not found")'],
    [
      'no target',
      () =>
        createDataItem(
          {
            tags: [
              { name: 'Data-Protocol', value: 'ao' },
              { name: 'Type', value: 'Message' },
            ],
          },
          user,
        ),
      'The message has no target: set it to the id of the process it is for.',
    ],
    ['no Type', () => createDataItem({ tags: [] }, user), 'Type tag not present'],
    [
      'a Type of its own',
      () => createDataItem({ tags: [{ name: 'Type', value: 'Assignment' }] }, user),
      'Unsupported Type tag value',
    ],
    [
      'no Data-Protocol',
      () => createDataItem({ tags: [{ name: 'Type', value: 'Message' }] }, user),
      'Data-Protocol tag not present',
    ],
    [
      'a +link tag',
      () => messageItem(user.address, user, { tags: [{ name: 'data+link', value: 'x' }] }),
      'Tag data+link cannot contain +link',
    ],
  ])('with %s is refused', async (_what, make, error) => {
    const { status, body } = await rig.post(await make());
    expect(status).toBe(400);
    expect(body.error).toBe(error);
  });

  test('may spell its tags in lower case', async () => {
    const processId = await spawn(rig);
    const tags = [
      { name: 'data-protocol', value: 'ao' },
      { name: 'type', value: 'Message' },
    ];
    const { status } = await rig.post(await createDataItem({ target: processId, tags }, user));
    expect(status).toBe(200);
  });

  test.each(['application/json', 'text/plain; charset=utf-8', 'nonsense', '', ';'])(
    'is taken whatever its content type says: "%s"',
    async (type) => {
      const processId = await spawn(rig);
      const body = new Uint8Array((await messageItem(processId, user)).raw);
      const headers = { 'content-type': type };
      expect((await fetch(rig.url, { method: 'POST', headers, body })).status).toBe(200);
    },
  );

  test('may have a Type of its sender before that of the protocol', async () => {
    const processId = await spawn(rig);
    const tags = [
      { name: 'Type', value: 'Report' },
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Message' },
    ];
    const { status } = await rig.post(await createDataItem({ target: processId, tags }, user));
    expect(status).toBe(200);
  });

  test('changed after signing is refused', async () => {
    const processId = await spawn(rig);
    const raw = Buffer.from((await messageItem(processId, user)).raw);
    raw.writeUInt8(raw.readUInt8(raw.length - 1) ^ 1, raw.length - 1);
    const { status, body } = await rig.post(raw);
    expect(status).toBe(400);
    expect(body.error).toBe(byteError('Signature verification failed'));
  });

  test('cut short anywhere is refused with 400', async () => {
    const processId = await spawn(rig);
    const { raw, signature, owner } = await messageItem(processId, user);
    for (let length = 0; length < raw.length; length++) {
      const { status, body } = await rig.post(raw.subarray(0, length));
      expect(status, `at ${length} bytes`).toBe(400);
      if (length < 2) expect(body.error).toBe(byteError('Buffer too short for signature type'));
      else if (length < 2 + signature.length + owner.length) {
        expect(body.error).toBe(byteError('Buffer too short for signature and public key'));
      }
    }
    expect(await readAll(rig, processId)).toHaveLength(1);
  });

  test('keeps its bytes: NUL, text that is not UTF-8, an anchor that is not text', async () => {
    const processId = await spawn(rig);
    const odd = await messageItem(processId, user, {
      data: Uint8Array.of(0, 0x61, 0xff, 0x62),
      anchor: Buffer.alloc(32, 0xff),
      tags: [{ name: 'Nul', value: 'a\0b' }],
    });
    expect((await rig.post(odd)).status).toBe(200);
    const { message } = await rig.node(`/${odd.id}`);
    expect(message?.data).toBe('\0a\ufffdb');
    expect(message?.anchor).toBeNull();
    expect(message?.tags).toContainEqual({ name: 'Nul', value: 'a\0b' });

    const plain = await messageItem(processId, user, { data: '', anchor: 'a'.repeat(32) });
    await rig.post(plain);
    const second = await rig.node(`/${plain.id}`);
    expect(second.message?.data).toBe('');
    expect(second.message?.anchor).toBe('a'.repeat(32));
    expect(second.message?.target).toBe(processId);
  });

  test('pushed twice by messengers with different keys is refused the second time', async () => {
    const processId = await spawn(rig);
    const pushed = (cause: string, order: 1 | -1) => {
      const tags = [
        { name: 'From-Process', value: processId },
        { name: 'Reference', value: '7' },
      ];
      if (order < 0) tags.reverse();
      tags.push({ name: 'Pushed-For', value: cause });
      return messageItem(processId, newSigner(), { tags, anchor: '0'.repeat(32), data: 'same' });
    };
    expect((await rig.post(await pushed('first', 1))).status).toBe(200);
    const repeat = await rig.post(await pushed('second', -1));
    expect(repeat.status).toBe(400);
    expect(repeat.body.error).toBe('MessageExists("Deep hash already exists")');

    const other = await spawn(rig);
    const elsewhere = await messageItem(other, user, {
      tags: [{ name: 'From-Process', value: processId }],
      anchor: '0'.repeat(32),
      data: 'same',
    });
    expect((await rig.post(elsewhere)).status).toBe(200);
  });
});

test('every slot is uploaded, the item before its assignment', async () => {
  const processId = await spawn(rig);
  const item = await messageItem(processId, user);
  await rig.post(item);
  const edges = await readAll(rig, processId);
  for (const { node } of edges) {
    await until(() => arweave.uploaded.includes(node.assignment.id), 'the assignment is uploaded');
    const itemAt = arweave.uploaded.indexOf(node.message?.id ?? '');
    expect(itemAt).toBeGreaterThanOrEqual(0);
    expect(itemAt).toBeLessThan(arweave.uploaded.indexOf(node.assignment.id));
  }
});
