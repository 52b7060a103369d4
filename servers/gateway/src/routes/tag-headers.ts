import type { Tag } from '@ao-ts/core/ans104';

const TOKEN = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

// Names that mean something to HTTP or to a browser: a tag must not speak for the server.
const RESERVED =
  /^(?:accept|access-control|age$|allow$|alt-svc|authorization|cache-control|clear-site-data|connection|content-|cookie|cross-origin|date$|digest|etag|expect|expires|host$|if-|keep-alive|last-modified|link$|location|nel$|origin|permissions-policy|pragma|proxy-|range$|referer|referrer-policy|refresh|report|retry-after|sec-|server|service-worker|set-cookie|signature|sourcemap|strict-transport|te$|timing-allow|trailer|transfer-|upgrade|vary$|via$|warning|www-authenticate|x-)/;

/**
 * Tags as response headers, names in lower case: `type: Process`, `scheduler: …`. Some units read a process's
 * tags from there. Of several tags of one name the first counts; what is not plain text is left out.
 */
export function tagHeaders(tags: readonly Tag[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name, value } of tags) {
    const header = name.toLowerCase();
    if (header in headers || !TOKEN.test(header) || RESERVED.test(header) || !PRINTABLE.test(value)) continue;
    headers[header] = value;
  }
  return headers;
}
