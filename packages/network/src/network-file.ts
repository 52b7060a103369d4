import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AoError } from '@ao-ts/core';
import { z } from 'zod';

/** What a program needs to talk to a network: `.ao/network.json`. URLs have no trailing slash. */
export const NetworkFile = z.object({
  gateway: z.url(),
  uploader: z.url(),
  su: z.url(),
  mu: z.url(),
  cu: z.url(),
  /** Address for the `Scheduler` tag of a process. */
  scheduler: z.string(),
  /** Address for the `Authority` tag of a process: the messenger unit's. */
  authority: z.string(),
  /** Id of the Lua module. */
  module: z.string(),
  /** Path of a funded wallet to sign with (JWK). */
  wallet: z.string(),
});
export type NetworkFile = z.infer<typeof NetworkFile>;

export const STATE_DIRECTORY = '.ao';
const FILE = 'network.json';

/** Writes `network.json` into a state directory, atomically. */
export async function writeNetworkFile(directory: string, network: NetworkFile): Promise<string> {
  const path = join(directory, FILE);
  await mkdir(directory, { recursive: true });
  await writeFile(`${path}.new`, `${JSON.stringify(network, null, 2)}\n`);
  await rename(`${path}.new`, path);
  return path;
}

/**
 * Finds `.ao/network.json` in a folder or the nearest one above it.
 * @throws AoError `NETWORK.NOT_FOUND`, `NETWORK.INVALID`
 */
export async function findNetworkFile(from: string): Promise<NetworkFile> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = await readNetworkFile(join(folder, STATE_DIRECTORY, FILE));
    if (found) return found;
    if (folder === dirname(folder)) break;
  }
  throw new AoError(
    'NETWORK.NOT_FOUND',
    `There is no ${STATE_DIRECTORY}/${FILE} here or above: start a network with "npm start" first, or name the file with --network.`,
    { action: 'fix' },
  );
}

/** The network file at `path`, or undefined if there is none. @throws AoError `NETWORK.INVALID` */
export async function readNetworkFile(path: string): Promise<NetworkFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return NetworkFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new AoError(
      'NETWORK.INVALID',
      `${path} is not a network file; start the network again to renew it.`,
      {
        action: 'fix',
        cause,
      },
    );
  }
}
