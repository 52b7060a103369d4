import { AoError } from '@ao-ts/core';
import { type DataItem, parseDataItem, tagValues } from '@ao-ts/core/ans104';
import type { Subject } from './router.ts';

function refuse(code: string, message: string, cause?: unknown): AoError {
  return new AoError(code, message, { action: 'fix', cause });
}

/**
 * Which process a posted item is for: the target of a message, the item itself if it is a process. Of several `Type` tags
 * the first that says one of the two decides, as it does in the units. Signatures are checked there too, not here.
 * @throws AoError `ITEM.TAGS`, `ITEM.TARGET`, or what is wrong with the bytes
 */
export function subjectOf(body: unknown): Subject {
  const item = readItem(body);
  const type = tagValues(item.tags, 'Type').find((value) => value === 'Process' || value === 'Message');
  if (type === 'Process') {
    const facts = { owner: item.ownerAddress, fromModule: item.tag('From-Module') };
    return { processId: item.id, facts };
  }
  if (type !== 'Message') throw refuse('ITEM.TAGS', "Tag 'Type': must be either 'Process' or 'Message'");
  if (item.target.length > 0) return { processId: item.targetId };
  throw refuse('ITEM.TARGET', 'A message needs a target: the id of the process it is for.');
}

function readItem(body: unknown): DataItem {
  const text = "'body': A valid and signed data item must be provided as the body.";
  if (!(body instanceof Uint8Array) || body.length === 0) throw refuse('REQUEST.BODY', text);
  try {
    return parseDataItem(body);
  } catch (cause) {
    throw refuse(cause instanceof AoError ? cause.code : 'REQUEST.BODY', text, cause);
  }
}
