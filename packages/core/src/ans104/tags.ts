import { isUtf8 } from 'node:buffer';
import { AoError } from '../errors.ts';

/** A tag of a data item or transaction. Order and duplicates are meaningful. */
export interface Tag {
  name: string;
  value: string;
}

/** Value of the first tag called `name` (exact case), or undefined. */
export function tagValue(tags: readonly Tag[], name: string): string | undefined {
  for (const tag of tags) if (tag.name === name) return tag.value;
  return undefined;
}

/** Values of all tags called `name` (exact case), in order. */
export function tagValues(tags: readonly Tag[], name: string): string[] {
  return tags.filter((tag) => tag.name === name).map((tag) => tag.value);
}

function zigzag(value: number, out: number[]): void {
  // Avro longs; every length here is far below 2^31, so plain arithmetic is exact.
  let rest = value * 2;
  while (rest > 127) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

/** Encodes tags as the Avro array of ANS-104: one block with a positive count, closed by 0. No tags: no bytes. */
export function encodeTags(tags: readonly Tag[]): Uint8Array {
  if (tags.length === 0) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  const header: number[] = [];
  zigzag(tags.length, header);
  parts.push(Uint8Array.from(header));
  for (const { name, value } of tags) {
    for (const text of [name, value]) {
      const bytes = Buffer.from(text, 'utf8');
      const length: number[] = [];
      zigzag(bytes.length, length);
      parts.push(Uint8Array.from(length), bytes);
    }
  }
  parts.push(Uint8Array.of(0));
  return Buffer.concat(parts);
}

class AvroReader {
  readonly #bytes: Buffer;
  position = 0;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
  }

  long(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined) throw invalid('ends in the middle of a number');
      value += (byte & 127) * scale;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    throw invalid('holds a number that is too large');
  }

  text(): string {
    const length = this.long();
    const end = this.position + length;
    if (length < 0 || end > this.#bytes.length) throw invalid('ends in the middle of a string');
    const start = this.position;
    this.position = end;
    if (!isUtf8(this.#bytes.subarray(start, end))) throw invalid('holds a string that is not UTF-8');
    return this.#bytes.toString('utf8', start, end);
  }
}

function invalid(what: string): AoError {
  return new AoError('ANS104.TAGS', `invalid tag encoding: the tag section ${what}`, { action: 'fix' });
}

/**
 * Decodes the Avro tag section. Several blocks and negative counts (followed by the block's byte size) are legal.
 * @throws AoError `ANS104.TAGS`, `ANS104.LIMIT`
 */
export function decodeTags(bytes: Uint8Array, maxTags: number): Tag[] {
  if (bytes.length === 0) return [];
  const reader = new AvroReader(bytes);
  const tags: Tag[] = [];
  for (;;) {
    let count = reader.long();
    if (count === 0) break;
    if (count < 0) {
      count = -count;
      reader.long();
    }
    if (tags.length + count > maxTags) {
      throw new AoError('ANS104.LIMIT', `The item has more than ${maxTags} tags.`, { action: 'fix' });
    }
    for (let i = 0; i < count; i++) tags.push({ name: reader.text(), value: reader.text() });
  }
  if (reader.position !== bytes.length) throw invalid('has bytes after its end');
  return tags;
}
