import { type Tag, tagValue, tagValues } from '../ans104/tags.ts';
import { AoError } from '../errors.ts';

/** The place of one item in the history of a process, as its scheduler signs it. */
export interface Assignment {
  processId: string;
  epoch: number;
  nonce: number;
  /** base64url of 32 bytes. */
  hashChain: string;
  blockHeight: number;
  /** Unix milliseconds, strictly increasing within a process. */
  timestamp: number;
  /** Id of the message or transaction assigned; absent for the process's own slot (nonce 0). */
  messageId?: string;
  /** Names of the fields the process does not want to see of an assigned transaction. */
  exclude: readonly string[];
}

/** Block heights travel as 12 decimal digits. */
export function formatBlockHeight(height: number): string {
  return String(height).padStart(12, '0');
}

/** The tags of an Assignment item, in the order of the protocol. */
export function assignmentTags(assignment: Assignment): Tag[] {
  const tags: Tag[] = [
    { name: 'Process', value: assignment.processId },
    { name: 'Epoch', value: String(assignment.epoch) },
    { name: 'Nonce', value: String(assignment.nonce) },
    { name: 'Hash-Chain', value: assignment.hashChain },
    { name: 'Block-Height', value: formatBlockHeight(assignment.blockHeight) },
    { name: 'Timestamp', value: String(assignment.timestamp) },
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Assignment' },
    { name: 'Variant', value: 'ao.TN.1' },
  ];
  if (assignment.messageId !== undefined) tags.push({ name: 'Message', value: assignment.messageId });
  // A reader that folds tags into a map turns one Exclude into text and two into a list; some crash on the text.
  const exclude =
    assignment.exclude.length === 1 ? [...assignment.exclude, ...assignment.exclude] : assignment.exclude;
  for (const value of exclude) tags.push({ name: 'Exclude', value });
  return tags;
}

/**
 * Reads an Assignment's tags.
 * @throws AoError `SCHEDULE.ASSIGNMENT` if a tag is missing or not a number
 */
export function readAssignmentTags(tags: readonly Tag[]): Assignment {
  const text = (name: string): string => {
    const value = tagValue(tags, name);
    if (value === undefined) throw malformed(`has no ${name} tag`);
    return value;
  };
  const integer = (name: string): number => {
    const value = Number(text(name));
    if (!Number.isSafeInteger(value) || value < 0) throw malformed(`has a ${name} tag that is not a number`);
    return value;
  };
  const messageId = tagValue(tags, 'Message');
  return {
    processId: text('Process'),
    epoch: integer('Epoch'),
    nonce: integer('Nonce'),
    hashChain: text('Hash-Chain'),
    blockHeight: integer('Block-Height'),
    timestamp: integer('Timestamp'),
    ...(messageId === undefined ? {} : { messageId }),
    exclude: [...new Set(tagValues(tags, 'Exclude'))],
  };
}

function malformed(what: string): AoError {
  return new AoError('SCHEDULE.ASSIGNMENT', `The assignment ${what}; its scheduler must be asked.`, {
    action: 'never',
  });
}
