import { z } from 'zod';
import { Owner, TagSchema } from './common.ts';

/** A scheduled item as the Scheduler Unit shows it. `data` is text; `anchor` is text or null, never base64url. */
export const ScheduledMessage = z.object({
  id: z.string(),
  owner: Owner,
  data: z.string().nullable(),
  tags: z.array(TagSchema),
  signature: z.string(),
  anchor: z.string().nullable(),
  target: z.string().nullable(),
});
export type ScheduledMessage = z.infer<typeof ScheduledMessage>;

/** The signed assignment of an item. */
export const ScheduledAssignment = z.object({
  id: z.string(),
  owner: Owner,
  tags: z.array(TagSchema),
  signature: z.string(),
  anchor: z.string().nullable(),
  target: z.string().nullable(),
});
export type ScheduledAssignment = z.infer<typeof ScheduledAssignment>;

/** One slot. `message` is null where something already on Arweave was assigned. */
export const ScheduleNode = z.object({
  message: ScheduledMessage.nullable(),
  assignment: ScheduledAssignment,
});
export type ScheduleNode = z.infer<typeof ScheduleNode>;

export const SchedulePage = z.object({
  page_info: z.object({ has_next_page: z.boolean() }),
  edges: z.array(z.object({ node: ScheduleNode, cursor: z.string() })),
});
export type SchedulePage = z.infer<typeof SchedulePage>;

/** `GET /processes/{id}`. `block` is a zero-padded decimal string, `timestamp` milliseconds; both of nonce 0. */
export const ScheduledProcess = z.object({
  process_id: z.string(),
  block: z.string(),
  owner: Owner,
  tags: z.array(TagSchema),
  timestamp: z.number(),
  data: z.string().nullish(),
  anchor: z.string().nullish(),
  signature: z.string().nullish(),
  target: z.string().nullish(),
});
export type ScheduledProcess = z.infer<typeof ScheduledProcess>;

/** Answer to `POST /`: the message, process or assignment id by mode. Not every scheduler tells the others, or sensibly. */
export const Scheduled = z.object({
  id: z.string(),
  timestamp: z.coerce.number().optional().catch(undefined),
  nonce: z.coerce.number().int().nonnegative().optional().catch(undefined),
});
export type Scheduled = z.infer<typeof Scheduled>;

export const SchedulerInfo = z.object({ address: z.string(), timestamp: z.string() });

/** Both decimal strings, the height padded to 12 digits. */
export const SchedulerTime = z.object({ block_height: z.string(), timestamp: z.string() });
