import { isUtf8 } from 'node:buffer';
import { toBase64url } from '@ao-ts/core';
import { type DataItem, NO_LIMITS, parseDataItem } from '@ao-ts/core/ans104';
import { formatBlockHeight } from '@ao-ts/core/schedule';
import { headOf, type Slot } from './slot.ts';

const MAX_OWNERS = 1000;
const owners = new Map<string, string>();

// Most items of a page have few owners, and every assignment has the same one: its JSON is made once.
function ownerJson(item: DataItem): string {
  const key = toBase64url(item.owner);
  let json = owners.get(key);
  if (json === undefined) {
    json = `{"address":"${item.ownerAddress}","key":"${key}"}`;
    if (owners.size >= MAX_OWNERS) owners.delete(owners.keys().next().value ?? '');
    owners.set(key, json);
  }
  return json;
}

function utf8OrNull(bytes: Uint8Array): string {
  return isUtf8(bytes) ? JSON.stringify(Buffer.from(bytes).toString()) : 'null';
}

// Never base64url: a reader that rebuilds the item from the JSON would take it for an anchor of 43 bytes.
function anchorJson(anchor: Uint8Array): string {
  return anchor.length === 0 ? 'null' : utf8OrNull(anchor);
}

function lossyJson({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return JSON.stringify(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'));
}

function common(item: DataItem): string {
  return `"owner":${ownerJson(item)},"tags":${JSON.stringify(item.tags)},"signature":"${toBase64url(item.signature)}"`;
}

function targetJson(item: DataItem): string {
  return `"${item.targetId}"`;
}

function messageJson(slot: Slot): string {
  if (slot.item === null) return 'null';
  const item = parseDataItem(slot.item, NO_LIMITS);
  const isProcess = slot.nonce === 0;
  const data = isProcess ? utf8OrNull(item.data) : lossyJson(item.data);
  const target = isProcess && item.target.length === 0 ? 'null' : targetJson(item);
  return `{"id":"${slot.itemId}",${common(item)},"data":${data},"anchor":${anchorJson(item.anchor)},"target":${target}}`;
}

function assignmentJson(slot: Slot, showAnchor: boolean): string {
  const item = parseDataItem(slot.assignment, NO_LIMITS);
  let anchor = anchorJson(item.anchor);
  if (showAnchor && anchor === 'null' && item.anchor.length > 0) anchor = `"${toBase64url(item.anchor)}"`;
  return `{"id":"${slot.assignmentId}",${common(item)},"anchor":${anchor},"target":""}`;
}

/**
 * JSON text of a slot, `{"message","assignment"}`, straight from the stored bytes.
 * `showAnchor` gives the assignment's anchor in base64url where it is no text, so that a client can check the signature.
 */
export function nodeJson(slot: Slot, showAnchor = false): string {
  return `{"message":${messageJson(slot)},"assignment":${assignmentJson(slot, showAnchor)}}`;
}

/** JSON text of a process (`GET /processes/{id}`), from its own slot. */
export function processJson(slot: Slot & { item: Uint8Array }): string {
  const item = parseDataItem(slot.item, NO_LIMITS);
  const block = formatBlockHeight(headOf(slot).blockHeight);
  const target = item.target.length === 0 ? 'null' : targetJson(item);
  return (
    `{"process_id":"${slot.processId}","block":"${block}",${common(item)},"timestamp":${slot.timestamp},` +
    `"data":${utf8OrNull(item.data)},"anchor":${anchorJson(item.anchor)},"target":${target}}`
  );
}
