import { describe, expect, test } from 'vitest';
import { assignedText, cronText, dryRunText, environmentText, scheduledText, spawnText } from './message.ts';
import type { Process } from './process.ts';
import type { Slot } from './slot.ts';

const process: Process = {
  id: 'pid',
  owner: 'owner',
  tags: [{ name: 'Module', value: 'mod' }],
  signature: 'sig',
  anchor: null,
  moduleId: 'mod',
  origin: { timestamp: 1000, blockHeight: 7 },
};
const message = {
  id: 'mid',
  owner: { address: 'wallet', key: 'k'.repeat(683) },
  data: 'hi',
  tags: [
    { name: 'Action', value: 'Eval' },
    { name: 'From', value: 'forged' },
    { name: 'Owner', value: 'forged' },
    { name: 'from', value: 'kept' },
  ],
  signature: 'sig',
  anchor: null,
  target: 'pid',
};
const slot = {
  processId: 'pid',
  epoch: 0,
  nonce: 3,
  hashChain: 'chain',
  blockHeight: 1_650_000,
  timestamp: 1_700_000_000_000,
  exclude: [],
  assignmentId: 'aid',
  messageId: 'mid',
  message,
} satisfies Slot;
const PLACE =
  '"Epoch":0,"Nonce":3,"Timestamp":1700000000000,"Block-Height":1650000,"Hash-Chain":"chain","Cron":false,"Read-Only":false}';

describe('the text a module gets', () => {
  test('of a scheduled message', () => {
    expect(scheduledText(slot)).toBe(
      `{"Id":"mid","Signature":"sig","Data":"hi","Owner":"wallet","Target":"pid","Anchor":null,"From":"wallet","Tags":[{"name":"Action","value":"Eval"},{"name":"from","value":"kept"}],${PLACE}`,
    );
  });

  test.each([
    ['another process', 'sender', 'sender'],
    ['nobody', '', 'wallet'],
  ])('of a message pushed for %s', (_, value, from) => {
    const pushed = { ...message, anchor: '0'.repeat(32), tags: [{ name: 'From-Process', value }] };
    expect(scheduledText({ ...slot, message: pushed })).toBe(
      `{"Id":"mid","Signature":"sig","Data":"hi","Owner":"wallet","Target":"pid","Anchor":"${'0'.repeat(32)}","From":"${from}","Forwarded-By":"wallet","Tags":[{"name":"From-Process","value":"${value}"}],${PLACE}`,
    );
  });

  test('names the owner of a secp256k1 key by its Ethereum address', () => {
    // The key of the secret 1, known from many test suites.
    const key = Buffer.from(
      '0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8',
      'hex',
    ).toString('base64url');
    const text = scheduledText({ ...slot, message: { ...message, owner: { address: 'other', key } } });
    expect(JSON.parse(text).Owner).toBe('0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf');
  });

  test('of an assigned transaction holds what was not excluded', () => {
    expect(
      assignedText(slot, {
        Signature: 's',
        Owner: 'w',
        Target: 'elsewhere',
        Tags: [],
        Anchor: 'a',
        Data: 'd',
      }),
    ).toBe(
      `{"Id":"mid","Signature":"s","Data":"d","Owner":"w","Target":"elsewhere","Anchor":"a","From":"w","Tags":[],${PLACE}`,
    );
    expect(assignedText(slot, { Owner: 'w', Target: '', Tags: [{ name: 'From-Process', value: 'p' }] })).toBe(
      `{"Id":"mid","Owner":"w","Target":"","From":"p","Tags":[{"name":"From-Process","value":"p"}],${PLACE}`,
    );
  });

  test('of a cron, of an old spawn, of a dry-run', () => {
    expect(cronText(process, [{ name: 'Action', value: 'Cron' }], { timestamp: 5, blockHeight: 6 })).toBe(
      '{"Owner":"owner","Target":"pid","From":"owner","Tags":[{"name":"Action","value":"Cron"}],"Timestamp":5,"Block-Height":6,"Cron":true,"Read-Only":false}',
    );
    expect(spawnText(process, 'data')).toBe(
      '{"Id":"pid","Signature":"sig","Data":"data","Owner":"owner","Target":"pid","Anchor":null,"From":"owner","Tags":[{"name":"Module","value":"mod"}],"Timestamp":1000,"Block-Height":7,"Cron":false,"Read-Only":false}',
    );
    const at = { nonce: 1, timestamp: 5, blockHeight: 6, epoch: 0, assignmentId: '', hashChain: '' };
    expect(dryRunText('pid', { Owner: 'o', Tags: [] }, at)).toBe(
      '{"Owner":"o","Target":"pid","From":"o","Tags":[],"Timestamp":5,"Block-Height":6,"Cron":false,"Read-Only":true}',
    );
    expect(
      dryRunText(
        'pid',
        {
          Id: '1234',
          Owner: 'o',
          Target: 't',
          Data: 'd',
          Anchor: '0',
          Tags: [],
          Timestamp: 9,
          'Block-Height': 8,
        },
        at,
      ),
    ).toBe(
      '{"Id":"1234","Data":"d","Owner":"o","Target":"t","Anchor":"0","From":"o","Tags":[],"Timestamp":9,"Block-Height":8,"Cron":false,"Read-Only":true}',
    );
  });

  test('of the environment', () => {
    expect(environmentText(process, { id: 'mod', owner: 'm', tags: [] })).toBe(
      '{"Process":{"Id":"pid","Owner":"owner","Tags":[{"name":"Module","value":"mod"}]},"Module":{"Id":"mod","Owner":"m","Tags":[]}}',
    );
  });
});
