import { deepHash, encodeTags, type Tag } from '@ao-ts/core/ans104';

/** What makes two items the same content, whoever signed them and when. */
export interface Content {
  target: Uint8Array;
  anchor: Uint8Array;
  tags: readonly Tag[];
  data: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
const NO_TAGS_LEFT = Uint8Array.of(0);

/**
 * Hash (48 bytes) of an item's content without its owner and signature. Two messengers that push the same
 * outbox entry sign two items with two ids; this is how the second is known for a repeat.
 */
export function contentHash({ target, anchor, tags, data }: Content): Uint8Array {
  const head = ['dataitem', '1', '1'].map((text) => Buffer.from(text));
  return deepHash([...head, NO_BYTES, target, anchor, comparableTags(tags), data]);
}

// Pushed-For names the cause, not the content; the order of tags is the messenger's choice.
function comparableTags(tags: readonly Tag[]): Uint8Array {
  if (tags.length === 0) return NO_BYTES;
  const kept = tags.filter((tag) => tag.name !== 'Pushed-For');
  if (kept.length === 0) return NO_TAGS_LEFT;
  kept.sort((a, b) => compareBytes(a.name, b.name) || compareBytes(a.value, b.value));
  return encodeTags(kept);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
