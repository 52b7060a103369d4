import { createHash } from 'node:crypto';
import { tagValue } from '@ao-ts/core/ans104';
import type { Slot } from './slot.ts';

/**
 * What identifies the content of a pushed message, whoever signed it and however often it was pushed. Undefined for
 * messages no process pushed: their scheduler refuses repeated ids.
 */
export function contentDigest({ processId, message }: Slot): string | undefined {
  if (!message || tagValue(message.tags, 'From-Process') === undefined) return undefined;
  const { anchor, tags, data } = message;
  const content = JSON.stringify([processId, anchor, tags.map(({ name, value }) => [name, value]), data]);
  return createHash('sha256').update(content).digest('base64url');
}
