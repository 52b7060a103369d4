import { AoError } from '@ao-ts/core';
import { type DataItem, readSignedItem, tagValues } from '@ao-ts/core/ans104';
import type { NewNode } from './node.ts';

function refuse(code: string, message: string, cause?: unknown): AoError {
  return new AoError(code, message, { action: 'fix', cause });
}

/**
 * Parses and verifies the body of a request.
 * @throws AoError with the code of what is wrong with the item, and the text clients know
 */
export async function readBody(body: unknown): Promise<DataItem> {
  const text = "'body': A valid and signed data item must be provided as the body.";
  if (!(body instanceof Uint8Array) || body.length === 0) throw refuse('REQUEST.BODY', text);
  try {
    return await readSignedItem(body);
  } catch (cause) {
    throw refuse(cause instanceof AoError ? cause.code : 'REQUEST.BODY', text, cause);
  }
}

/**
 * What a client wants delivered. Tag names are case-sensitive; of several `Type` tags the first that is
 * `Process` or `Message` decides.
 * @throws AoError `ITEM.TAGS`, `ITEM.TARGET`
 */
export function rootOf(item: DataItem): NewNode {
  if (!tagValues(item.tags, 'Data-Protocol').includes('ao')) {
    throw refuse('ITEM.TAGS', "Tag 'Data-Protocol': must contain 'ao'");
  }
  const type = tagValues(item.tags, 'Type').find((value) => value === 'Process' || value === 'Message');
  if (!type) throw refuse('ITEM.TAGS', "Tag 'Type': must be either 'Process' or 'Message'");
  const root = {
    key: item.id,
    lane: item.id,
    id: item.id,
    depth: 0,
    owner: item.ownerAddress,
    item: item.raw,
  };
  if (type === 'Process') {
    if (!item.tag('Scheduler')) throw refuse('ITEM.TAGS', "No Scheduler tag found on 'Process' DataItem");
    return { ...root, kind: 'process', target: '' };
  }
  if (item.target.length === 0) {
    throw refuse('ITEM.TARGET', 'A message needs a target: the id of the process it is for.');
  }
  return { ...root, kind: 'message', target: item.targetId };
}
