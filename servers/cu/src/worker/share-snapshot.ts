import type { Snapshot } from '@ao-ts/core/loader';

/**
 * The same snapshot on memory that all threads see, so that posting it copies nothing: it survives the thread that
 * took it, and copies of the process can start from it. Pages shared with an earlier snapshot stay where they are.
 */
export function shareSnapshot(snapshot: Snapshot): Snapshot {
  const pages = new Map<number, Uint8Array>();
  for (const [page, content] of snapshot.pages) pages.set(page, share(content));
  return { byteLength: snapshot.byteLength, pages };
}

function share(content: Uint8Array): Uint8Array {
  if (content.buffer instanceof SharedArrayBuffer) return content;
  const shared = new Uint8Array(new SharedArrayBuffer(content.length));
  shared.set(content);
  return shared;
}
