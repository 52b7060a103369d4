import { expect, test } from 'vitest';
import { type Assignment, assignmentTags, readAssignmentTags } from './assignment.ts';

const assignment: Assignment = {
  processId: '4QTyVpvWlwjfsYAvkTSIWjp5XVGf-Rg_Co8K1lPNbvo',
  epoch: 0,
  nonce: 2,
  hashChain: 'O6dHcOEGjCHh2cQtVj1SwqvujbNRFYsGVNVkVN29c-o',
  blockHeight: 1526366,
  timestamp: 1728856586405,
  messageId: 'lnzX71GEN6HIMVCatr6OPP6v0crN5_so2QAPvQwkc4Y',
  exclude: [],
};

test('tags stand in the order of the protocol and read back', () => {
  const tags = assignmentTags(assignment);
  expect(tags.map((tag) => tag.name)).toEqual([
    'Process',
    'Epoch',
    'Nonce',
    'Hash-Chain',
    'Block-Height',
    'Timestamp',
    'Data-Protocol',
    'Type',
    'Variant',
    'Message',
  ]);
  expect(tags[4]?.value).toBe('000001526366');
  expect(readAssignmentTags(tags)).toEqual(assignment);
});

test('the slot of the process itself has no Message tag', () => {
  const { messageId: _, ...spawn } = assignment;
  expect(assignmentTags(spawn).some((tag) => tag.name === 'Message')).toBe(false);
});

test('a single exclude is written twice, so that readers which fold tags see a list, and reads back once', () => {
  const tags = assignmentTags({ ...assignment, exclude: ['Data'] });
  expect(tags.filter((tag) => tag.name === 'Exclude')).toHaveLength(2);
  expect(readAssignmentTags(tags).exclude).toEqual(['Data']);
  expect(
    assignmentTags({ ...assignment, exclude: ['Data', 'Tags'] }).filter((t) => t.name === 'Exclude'),
  ).toHaveLength(2);
});

test.each(['Process', 'Nonce', 'Timestamp', 'Hash-Chain'])('a missing %s tag is named', (name) => {
  const tags = assignmentTags(assignment).filter((tag) => tag.name !== name);
  expect(() => readAssignmentTags(tags)).toThrow(name);
});

test('a nonce that is not a number is refused', () => {
  const tags = assignmentTags(assignment).map((tag) => (tag.name === 'Nonce' ? { ...tag, value: 'x' } : tag));
  expect(() => readAssignmentTags(tags)).toThrow('not a number');
});
