import { createHash } from 'node:crypto';
import { createDataItem, type Signer } from '@ao-ts/core/ans104';
import { moduleBinary, moduleTags } from '@ao-ts/lua';
import type { GatewayClient, UploaderClient } from '@ao-ts/server-kit';
import { schedulerLocation } from '@ao-ts/su';

/** How long clients may keep the scheduler's URL, in milliseconds. */
const LOCATION_TTL_MS = 60 * 60 * 1000;

/**
 * Here gas is counted, so that a program that never ends fails like any other error and its process goes on. On the machine
 * of a program's author that is worth what counting costs. The limit is some seconds of work, well before `EVALUATION_TIMEOUT`.
 */
const METERED: Record<string, string> = {
  'Module-Format': 'wasm32-unknown-emscripten-metering',
  'Compute-Limit': '2000000000000',
};

/** Puts the Lua module on the gateway, unless this very build is there already. Gives its id. */
export async function seedModule(
  gateway: GatewayClient,
  uploader: UploaderClient,
  owner: Signer,
): Promise<string> {
  const data = await moduleBinary();
  const tags = [
    ...moduleTags.map(({ name, value }) => ({ name, value: METERED[name] ?? value })),
    { name: 'Extension', value: 'WeaveDrive' },
    { name: 'SHA-256', value: createHash('sha256').update(data).digest('hex') },
  ];
  const [known] = await gateway.byTags(tags, 1, [owner.address]);
  if (known) return known.id;
  return uploader.upload((await createDataItem({ tags, data }, owner)).raw);
}

/** Publishes where the scheduler is, unless the newest record says so already. */
export async function seedSchedulerLocation(
  gateway: GatewayClient,
  uploader: UploaderClient,
  scheduler: Signer,
  url: string,
): Promise<void> {
  const known = await gateway.schedulerLocation(scheduler.address);
  if (known?.url === url) return;
  await uploader.upload((await schedulerLocation(scheduler, url, LOCATION_TTL_MS)).raw);
}
