import { expect, test } from 'vitest';
import { shown } from './output.ts';

test('what a process wrote can colour a terminal, and nothing else', () => {
  const hostile = '\x1b[31mred\x1b[0m\x1b]0;title\x07 \x1b[2J\x9b5n\ttab\nline\r\0';
  expect(shown(hostile, true)).toBe('\x1b[31mred\x1b[0m]0;title [2J5n\ttab\nline');
  expect(shown(hostile, false)).toBe('red]0;title [2J5n\ttab\nline');
  expect(shown('Größe → ✓', false)).toBe('Größe → ✓');
});
