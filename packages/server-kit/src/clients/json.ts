import { AoError } from '@ao-ts/core';
import { z } from 'zod';
import type { HttpClient, HttpRequest, HttpResponse } from '../http-client.ts';

/** Which unit a client talks to, for errors that say where to look. */
export interface Remote {
  http: HttpClient;
  /** "scheduler unit", "gateway", … */
  name: string;
  /** Base URL without a trailing slash. */
  url: string;
}

/** Larger answers would be longer than a text can be. */
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** Largest answer to a write: it holds an id. Some go to hosts that clients named. */
export const MAX_RECEIPT_BYTES = 1024 * 1024;

const ErrorText = z.object({ error: z.string() });

/**
 * The error for an answer that is not a success: transient statuses, redirects that lead nowhere among them, say `retry`,
 * other 4xx say `fix`.
 * The text is the remote's own, so that it reaches the person who can act on it.
 */
export function statusError(remote: Pick<Remote, 'name' | 'url'>, response: HttpResponse): AoError {
  const text = response.body.toString('utf8', 0, 2000);
  const said = safeJson(ErrorText, text)?.error ?? text;
  const { status } = response;
  const transient = status < 400 || status >= 500 || [408, 425, 429].includes(status);
  return new AoError('HTTP.STATUS', `The ${remote.name} at ${remote.url} answered ${status}: ${said}`, {
    action: transient ? 'retry' : 'fix',
    facts: { status, said, url: response.url },
  });
}

/** The error for a success that is not what was to be expected; it names the first thing that is wrong. */
export function malformed(
  { name, url }: Pick<Remote, 'name' | 'url'>,
  { status, body, ...response }: HttpResponse,
  schema: z.ZodType,
): AoError {
  const reason = flaw(schema, body.toString('utf8'));
  return new AoError(
    'HTTP.MALFORMED',
    `The ${name} at ${url} answered ${status} with something that is not understood: ${reason}`,
    { action: 'retry', facts: { url: response.url, body: body.toString('utf8', 0, 200) } },
  );
}

/** Parses JSON of an expected shape, or undefined. */
export function safeJson<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Sends a request and parses a 2xx answer.
 * @throws AoError `HTTP.STATUS`, `HTTP.UNREACHABLE`, `HTTP.TIMEOUT`, `HTTP.MALFORMED`
 */
export async function requestJson<T>(
  remote: Remote,
  path: string,
  schema: z.ZodType<T>,
  request: HttpRequest = {},
): Promise<T> {
  return (await requestLocatedJson(remote, path, schema, request)).value;
}

/** Like {@link requestJson}; also gives the URL that answered, after redirects. */
export async function requestLocatedJson<T>(
  remote: Remote,
  path: string,
  schema: z.ZodType<T>,
  request: HttpRequest = {},
): Promise<{ value: T; url: string }> {
  const headers = { accept: 'application/json', ...request.headers };
  const response = await remote.http.send(remote.url + path, {
    maxBytes: MAX_JSON_BYTES,
    ...request,
    headers,
  });
  if (response.status < 200 || response.status > 299) throw statusError(remote, response);
  const value = safeJson(schema, response.body.toString('utf8'));
  if (value !== undefined) return { value, url: response.url };
  throw malformed(remote, response, schema);
}

function flaw(schema: z.ZodType, text: string): string {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return 'it is no JSON.';
  }
  const [issue] = schema.safeParse(answer).error?.issues ?? [];
  return `${['the answer', ...(issue?.path ?? [])].join('.')}: ${issue?.message}.`;
}

/** `?a=1&b=2` of the defined values; empty if there are none. */
export function query(values: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
