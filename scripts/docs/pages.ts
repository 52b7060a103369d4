import { configurationPages } from './configuration.ts';
import { limitsPage } from './limits.ts';

/** All pages that are made from the sources, by their path. */
export function generatedPages(): Map<string, string> {
  return new Map([...configurationPages(), ['docs/limits.md', limitsPage()]]);
}
