import { randomBytes } from 'node:crypto';
import { deepHash as oracle, serializeTags } from '@dha-team/arbundles';
import { describe, expect, test } from 'vitest';
import { type Content, contentHash } from './content-hash.ts';

const content: Content = {
  target: randomBytes(32),
  anchor: randomBytes(32),
  tags: [
    { name: 'b', value: '2' },
    { name: 'Pushed-For', value: 'x' },
    { name: 'a', value: '9' },
    { name: 'a', value: '1' },
    { name: 'Z', value: '0' },
  ],
  data: Buffer.from('data'),
};

const text = (value: string) => Buffer.from(value);

async function expected(tags: Uint8Array): Promise<Buffer> {
  const head = [text('dataitem'), text('1'), text('1'), text('')];
  return Buffer.from(await oracle([...head, content.target, content.anchor, tags, content.data]));
}

describe('the content hash', () => {
  test('is the deep hash without owner, of the tags sorted by bytes and without Pushed-For', async () => {
    const sorted = ['Z=0', 'a=1', 'a=9', 'b=2'].map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return { name, value };
    });
    expect(Buffer.from(contentHash(content))).toEqual(await expected(serializeTags(sorted)));
  });

  test('tells no tags from tags that were all left out', async () => {
    const none = contentHash({ ...content, tags: [] });
    const left = contentHash({ ...content, tags: [{ name: 'Pushed-For', value: 'x' }] });
    expect(Buffer.from(none)).toEqual(await expected(new Uint8Array(0)));
    expect(Buffer.from(left)).toEqual(await expected(Uint8Array.of(0)));
  });

  test('does not change the tags it is given', () => {
    const before = structuredClone(content.tags);
    contentHash(content);
    expect(content.tags).toEqual(before);
  });
});
