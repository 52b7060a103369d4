import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

/** The anchor a heading gets. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/\s/g, '-');

test.each(globSync(['*.md', 'docs/**/*.md']))('%s links only to what exists', (page) => {
  const broken = [...readFileSync(page, 'utf8').matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].flatMap(
    ([link, path = '', anchor]) => {
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(target)) return [link];
      if (anchor === undefined) return [];
      const headings = readFileSync(target, 'utf8').match(/^#+ .*$/gm) ?? [];
      return headings.some((heading) => anchorOf(heading.replace(/^#+ /, '')) === anchor) ? [] : [link];
    },
  );
  expect(broken).toEqual([]);
});
