import { Client } from '@ao-ts/network';
import { readSigner } from '@ao-ts/server-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ComposeProject } from './compose.ts';

const COUNTER = `
Count = 0
Handlers.add("count", { Action = "Count" }, function(msg)
  Count = Count + 1
  msg.reply({ Action = "Counted", Data = tostring(Count) })
end)`;
const ASKER = `
Answers = {}
Handlers.add("counted", { Action = "Counted" }, function(msg) table.insert(Answers, msg.Data) end)`;
const EACH_ONCE = Array.from({ length: 20 }, (_, i) => i + 1).join(',');

/** What must hold of a network in containers, whatever it keeps its state in. */
export function networkInContainers(profile: string, units: readonly string[]): void {
  let project: ComposeProject;
  let client: Client;

  const connect = async () => {
    const file = await project.copyState();
    client = new Client(file, await readSigner(file.wallet));
    return file;
  };

  beforeAll(async () => {
    project = await ComposeProject.create(profile);
    await project.compose('up', '--detach', '--wait');
    await connect();
  });
  afterAll(() => project.remove());

  /** A process asks another 20 times; `meanwhile` something happens; every question is answered once and in order. */
  async function asksWhile(meanwhile: () => Promise<unknown>) {
    const counter = await client.spawn(COUNTER);
    const asker = await client.spawn(ASKER);
    await client.eval(asker, `for i = 1, 20 do Send({ Target = "${counter}", Action = "Count" }) end`);
    await meanwhile();
    await expect
      .poll(() => client.value(asker, 'return table.concat(Answers, ",")').catch(String), {
        timeout: 240_000,
        interval: 500,
      })
      .toContain(EACH_ONCE);
    expect(await client.value(counter, 'return Count')).toContain('20');
  }

  test.each(units)('%s runs without rights, on a file system that it can not write', async (unit) => {
    const { Config, HostConfig } = await project.inspect(unit);
    expect(Config.User).toBe('node');
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], Init: true });
    expect(HostConfig.Memory).toBeGreaterThan(0);
  });

  test('processes are spawned from outside and talk to each other', () => asksWhile(async () => {}));

  test.each(units)(
    '%s is killed while messages are on their way: nothing is lost, nothing happens twice',
    (unit) =>
      asksWhile(async () => {
        await project.compose('kill', '--signal', 'KILL', unit);
        await project.compose('up', '--detach', '--wait');
      }),
  );

  test('SIGTERM ends every unit with status 0; down and up again keep everything', async () => {
    const counter = await client.spawn(COUNTER);
    await client.send(counter, { Action: 'Count' });
    const before = await connect();
    await project.compose('stop');
    for (const unit of units) {
      expect((await project.inspect(unit)).State, unit).toMatchObject({ ExitCode: 0, OOMKilled: false });
    }
    await project.compose('down');
    await project.compose('up', '--detach', '--wait');
    expect(await connect()).toEqual(before);
    const [answer] = (await client.dryRun(counter, { Action: 'Count' })).Messages;
    expect(answer?.Data).toBe('2');
  });
}
