import { createHash } from 'node:crypto';

/** The id that belongs to a name: the same each time. */
export function idOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url');
}
