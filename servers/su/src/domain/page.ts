import { nodeJson } from './nodes.ts';
import type { ScheduleStore } from './schedule-store.ts';
import type { Slot } from './slot.ts';

/** Bounds of a page as asked for. Lower bounds are exclusive, upper ones inclusive. */
export interface PageRequest {
  /** Unix ms. Ignored, like `to`, if a nonce bound is given. */
  from?: number | undefined;
  to?: number | undefined;
  /** -1 starts with the process itself. */
  fromNonce?: number | undefined;
  toNonce?: number | undefined;
  limit: number;
  showAnchor: boolean;
}

interface Range {
  first: number;
  /** Last nonce that matches; below `first` if none does. */
  last: number;
  cursor: (slot: Slot) => number;
}

const CHUNK_CHARS = 64 * 1024;

/**
 * The JSON text of a page of a process, in chunks. A page ends after `limit` slots or `maxBytes` of text, and says
 * exactly whether there are more.
 */
export async function* pageJson(
  store: ScheduleStore,
  head: Slot,
  request: PageRequest,
  maxBytes: number,
): AsyncGenerator<string> {
  const { first, last, cursor } = await rangeOf(store, head, request);
  const end = Math.min(last, first + Math.max(request.limit, 1) - 1);
  let chunk = '{"edges":[';
  let size = 0;
  let shown = first - 1;
  if (first <= end) {
    for await (const slot of store.range(head.processId, first, end)) {
      const separator = slot.nonce === first ? '' : ',';
      chunk += `${separator}{"node":${nodeJson(slot, request.showAnchor)},"cursor":"${cursor(slot)}"}`;
      shown = slot.nonce;
      if (size + chunk.length >= maxBytes) break;
      if (chunk.length < CHUNK_CHARS) continue;
      size += chunk.length;
      yield chunk;
      chunk = '';
    }
  }
  // A page that is empty and has a next one would make readers start from the beginning again.
  const more = shown >= first && shown < last;
  yield `${chunk}],"page_info":{"has_next_page":${more}}}`;
}

async function rangeOf(store: ScheduleStore, head: Slot, request: PageRequest): Promise<Range> {
  const { processId } = head;
  const { from, to, fromNonce, toNonce } = request;
  if (fromNonce !== undefined || toNonce !== undefined) {
    const whole = fromNonce === undefined || fromNonce === -1;
    const last = toNonce ?? head.nonce;
    return range(whole, fromNonce ?? -1, last, head, (slot) => slot.nonce);
  }
  const last = to === undefined ? head.nonce : await store.nonceAt(processId, to);
  const before = from === undefined ? -1 : await store.nonceAt(processId, from);
  return range(from === undefined, before, last, head, (slot) => slot.timestamp);
}

// The process itself is on the page exactly if there is no lower bound, whatever the upper one says.
function range(whole: boolean, before: number, last: number, head: Slot, cursor: Range['cursor']): Range {
  const first = whole ? 0 : Math.max(before + 1, 1);
  return { first, last: Math.min(whole ? Math.max(last, 0) : last, head.nonce), cursor };
}
