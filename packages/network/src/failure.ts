import { AoError, errorMessage } from '@ao-ts/core';

/** A unit and its URL, to say who answered what. */
export interface UnitName {
  name: string;
  url: string;
}

/**
 * Runs a call of the client library and turns its failure into one that names the unit, the URL, the answer and
 * what to do: the library says "<status>: <body>" when the unit answered, and hides the cause when it did not.
 * @throws AoError `CLIENT.UNREACHABLE`, `CLIENT.REFUSED`, `CLIENT.CALL`
 */
export async function at<T>(unit: UnitName, call: () => Promise<T>): Promise<T> {
  let value: T;
  try {
    value = await call();
  } catch (cause) {
    throw unitError(unit, cause);
  }
  // Reading calls ignore the status, so a refusal arrives looking like a result.
  const refusal = (value as { error?: unknown } | null)?.error;
  if (typeof refusal === 'string') throw refused(unit, refusal);
  return value;
}

function unitError(unit: UnitName, cause: unknown): AoError {
  if (cause instanceof AoError) return cause;
  const answered = /^(\d{3}): (.*)$/s.exec(errorMessage(cause));
  if (answered) return refused(unit, refusalText(answered[2] ?? ''), cause);
  if (/communicating with|fetch failed|ECONNREFUSED/i.test(errorMessage(cause)))
    return unreachable(unit, cause);
  return new AoError('CLIENT.CALL', `The ${unit.name} at ${unit.url}: ${errorMessage(cause)}`, {
    action: 'fix',
    cause,
  });
}

function unreachable(unit: UnitName, cause: unknown): AoError {
  return new AoError(
    'CLIENT.UNREACHABLE',
    `The ${unit.name} at ${unit.url} can not be reached. Is the network running? "npm start" starts it.`,
    { action: 'retry', cause },
  );
}

/**
 * The failure of a spawn: before the library asks the messenger unit, it asks the gateway for the module. Its words for what
 * it found there name neither.
 */
export function moduleError(gateway: string, module: string, cause: unknown): unknown {
  const text = errorMessage(cause);
  if (text === 'fetch failed') return unreachable({ name: 'gateway', url: gateway }, cause);
  if (!/ on module|^Invalid Return/.test(text)) return cause;
  return new AoError(
    'CLIENT.MODULE',
    `The gateway at ${gateway} has no module ${module}: it does not know the id, or knows it as something else.`,
    { action: 'fix', cause },
  );
}

function refused(unit: UnitName, text: string, cause?: unknown): AoError {
  return new AoError('CLIENT.REFUSED', `The ${unit.name} at ${unit.url} answered: ${text}`, {
    action: 'fix',
    cause,
  });
}

/** The sentence in the body of a refusal. */
export function refusalText(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'string' ? error : body;
  } catch {
    return body;
  }
}
