import type { ArweaveJwk, Tag } from '@ao-ts/core/ans104';
import { connect, createDataItemSigner } from '@permaweb/aoconnect';
import type { NetworkFile } from '../src/index.ts';

export interface Outcome {
  Output: { data?: string; prompt?: string } | undefined;
  Error?: unknown;
  Messages: { Target: string; Data: string; Tags: Tag[] }[];
  Spawns: unknown[];
}

/** The published client library, unmodified, with the few tags that every process of these tests has. */
export function clientOf(file: NetworkFile, wallet: ArweaveJwk) {
  const ao = connect({ MODE: 'legacy', MU_URL: file.mu, CU_URL: file.cu, GATEWAY_URL: file.gateway });
  const signer = createDataItemSigner(wallet as never);
  const tag = (name: string, value: string): Tag => ({ name, value });
  const result = (process: string, message: string) => ao.result({ process, message }) as Promise<Outcome>;

  return {
    ao,
    signer,
    result,
    spawn: (source?: string, tags: Tag[] = []): Promise<string> =>
      ao.spawn({
        module: file.module,
        scheduler: file.scheduler,
        signer,
        tags: [tag('Authority', file.authority), ...(source ? [tag('On-Boot', 'Data')] : []), ...tags],
        ...(source ? { data: source } : {}),
      }),
    send: (process: string, tags: Record<string, string>, data = ''): Promise<string> =>
      ao.message({
        process,
        signer,
        data,
        tags: Object.entries(tags).map(([name, value]) => tag(name, value)),
      }) as Promise<string>,
    /** Runs Lua in a process of this wallet and gives the whole result. */
    async evaluate(process: string, lua: string): Promise<Outcome> {
      const message = (await ao.message({
        process,
        signer,
        tags: [tag('Action', 'Eval')],
        data: lua,
      })) as string;
      return result(process, message);
    },
    /** Runs Lua and gives what it printed or returned. */
    async value(process: string, lua: string): Promise<string | undefined> {
      const outcome = await this.evaluate(process, lua);
      if (outcome.Error) throw new Error(String(outcome.Error));
      return outcome.Output?.data;
    },
    async dryRun(process: string, tags: Record<string, string>): Promise<Outcome> {
      const list = Object.entries(tags).map(([name, value]) => tag(name, value));
      return (await ao.dryrun({ process, tags: list })) as unknown as Outcome;
    },
  };
}
