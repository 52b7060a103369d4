import { writeFile } from 'node:fs/promises';
import { AoError } from '@ao-ts/core';
import { arweaveSigner } from '@ao-ts/core/ans104';
import { Command } from 'commander';
import { addNetworkOptions, type NetworkOptions, networkFor } from '../options.ts';
import { print, withProgress } from '../output.ts';

export function walletCommand(): Command {
  const address = addNetworkOptions(new Command('address'))
    .description('print the address of the wallet that commands sign with')
    .action(async (options: NetworkOptions) => {
      const { readSigner } = await import('@ao-ts/server-kit');
      const path = options.wallet ?? (await networkFor(options)).wallet;
      const { address } = await readSigner(path);
      print(options, address, { address, wallet: path });
    });
  const create = new Command('create')
    .description('make a new wallet (RSA-4096, JWK); prints its address')
    .argument('<file>', 'where to write it')
    .option('--json', 'print JSON, for programs')
    .action(createWallet);
  return new Command('wallet').description('wallets').addCommand(address).addCommand(create);
}

async function createWallet(file: string, options: { json?: boolean }): Promise<void> {
  const { generateWallet } = await import('@ao-ts/server-kit');
  const jwk = await withProgress('making a key', generateWallet());
  try {
    // A wallet is never written over.
    await writeFile(file, `${JSON.stringify(jwk)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new AoError('CLI.EXISTS', `There is a file ${file} already: name another one.`, {
      action: 'fix',
      cause,
    });
  }
  const { address } = arweaveSigner(jwk);
  print(options, address, { address, wallet: file });
}
