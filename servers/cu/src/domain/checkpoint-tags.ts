import { type Tag, tagValue } from '@ao-ts/core/ans104';
import type { Point } from './slot.ts';

/** What a checkpoint on Arweave says of the memory it holds. */
export interface Checkpoint {
  processId: string;
  moduleId: string;
  point: Point;
  /** Of the uncompressed memory, in hex. */
  sha256: string;
}

/** The tags of a checkpoint, as all compute units of the network read them. `unit` names this run of the unit. */
export function checkpointTags({ processId, moduleId, point, sha256 }: Checkpoint, unit: string): Tag[] {
  const tags: [string, string][] = [
    ['Data-Protocol', 'ao'],
    ['Variant', 'ao.TN.1'],
    ['Type', 'Checkpoint'],
    ['Module', moduleId],
    ['Process', processId],
    ['Nonce', String(point.nonce)],
    ['Timestamp', String(point.timestamp)],
    ['Block-Height', String(point.blockHeight)],
    ['Content-Type', 'application/octet-stream'],
    ['SHA-256', sha256],
    ['Content-Encoding', 'gzip'],
    ['Unit-Identifier', unit],
    ['Ordinate', String(point.nonce)],
    ['Assignment', point.assignmentId],
    ['Hash-Chain', point.hashChain],
  ];
  if (point.epoch !== 0) tags.push(['Epoch', String(point.epoch)]);
  return tags.map(([name, value]) => ({ name, value }));
}

/** Undefined for a checkpoint that can not be resumed from here: between two messages, or without what is needed. */
export function readCheckpointTags(tags: readonly Tag[]): (Checkpoint & { gzip: boolean }) | undefined {
  const text = (name: string) => tagValue(tags, name) ?? '';
  const number = (name: string) => (/^\d{1,15}$/.test(text(name)) ? Number(text(name)) : Number.NaN);
  const point: Point = {
    nonce: number('Nonce'),
    timestamp: number('Timestamp'),
    blockHeight: number('Block-Height'),
    epoch: tagValue(tags, 'Epoch') === undefined ? 0 : number('Epoch'),
    assignmentId: text('Assignment'),
    hashChain: text('Hash-Chain'),
  };
  const numbers = [point.nonce, point.timestamp, point.blockHeight, point.epoch];
  const texts = [point.assignmentId, point.hashChain, text('Process'), text('Module'), text('SHA-256')];
  if (numbers.some(Number.isNaN) || texts.includes('') || tagValue(tags, 'Cron-Interval') !== undefined)
    return undefined;
  return {
    processId: text('Process'),
    moduleId: text('Module'),
    point,
    sha256: text('SHA-256').toLowerCase(),
    gzip: text('Content-Encoding') === 'gzip',
  };
}
