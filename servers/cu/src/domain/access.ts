import { AoError } from '@ao-ts/core';

/** Which processes this unit serves. Empty lists do not restrict. */
export interface AccessLists {
  restrictProcesses: readonly string[];
  allowProcesses: readonly string[];
  /** Addresses. */
  allowOwners: readonly string[];
}

/**
 * Checks that the unit serves the process; `ownerOf` is asked only if it matters.
 * @throws AoError `ACCESS.DENIED`
 */
export async function admit(
  lists: AccessLists,
  processId: string,
  ownerOf: (processId: string) => Promise<string>,
): Promise<void> {
  const { restrictProcesses, allowProcesses, allowOwners } = lists;
  const restricted = restrictProcesses.includes(processId);
  const listed = allowProcesses.includes(processId);
  if (restricted || (allowProcesses.length > 0 && allowOwners.length === 0 && !listed)) {
    throw denied(`process ${processId}`);
  }
  if (allowOwners.length === 0 || listed) return;
  const owner = await ownerOf(processId);
  if (!allowOwners.includes(owner)) throw denied(`process owner ${owner}`);
}

function denied(what: string): AoError {
  return new AoError('ACCESS.DENIED', `Access denied for ${what}`, { action: 'never' });
}
