import { z } from 'zod';
import { TagSchema } from './common.ts';

/** An entry of an outbox that becomes a message. Loose: a process may write anything, each entry is checked alone. */
export const OutboxMessage = z.object({
  Target: z.string(),
  Anchor: z.string().optional(),
  Data: z.unknown().optional(),
  Tags: z.array(TagSchema),
});
export type OutboxMessage = z.infer<typeof OutboxMessage>;

export const OutboxSpawn = z.object({
  Anchor: z.string().optional(),
  Data: z.unknown().optional(),
  Tags: z.array(TagSchema),
});
export type OutboxSpawn = z.infer<typeof OutboxSpawn>;

export const OutboxAssignment = z.object({
  Processes: z.array(z.string()),
  Message: z.string(),
  BaseLayer: z.union([z.boolean(), z.string()]).optional(),
  Exclude: z.array(z.string()).optional(),
});
export type OutboxAssignment = z.infer<typeof OutboxAssignment>;

/** What an evaluation gave. The entries are passed on unchecked: whoever delivers them checks each one. */
export const EvaluationResult = z.object({
  Messages: z.array(z.unknown()),
  Assignments: z.array(z.unknown()),
  Spawns: z.array(z.unknown()),
  Output: z.unknown(),
  Error: z.unknown().optional(),
  GasUsed: z.number().nullish().catch(null),
});
export type EvaluationResult = z.infer<typeof EvaluationResult>;

const Entries = z.array(z.unknown()).default([]);

/** A result as it is read: what it lacks is empty, and does not keep the others from being read. */
export const ReadResult = EvaluationResult.extend({
  Messages: Entries,
  Assignments: Entries,
  Spawns: Entries,
  Output: z.unknown().default(''),
});

/** A place among the results of a process. Opaque, but it is kept, and is part of keys. */
const Cursor = z.string().regex(/^[\x21-\x7e]{1,1000}$/, 'must be 1 to 1000 visible ASCII characters');

export const ResultsPage = z.object({
  pageInfo: z.object({ hasNextPage: z.boolean() }),
  edges: z.array(
    z.object({
      node: ReadResult,
      cursor: Cursor,
    }),
  ),
});
export type ResultsPage = z.infer<typeof ResultsPage>;

/** Body of `POST /dry-run`. Unknown keys are ignored; what is given overrides what the unit would fill in. */
export const DryRunMessage = z.object({
  Id: z.string().nullish(),
  Signature: z.string().nullish(),
  Owner: z.string(),
  Target: z.string().optional(),
  Data: z.unknown().optional(),
  Tags: z.array(TagSchema),
  Anchor: z.string().nullish(),
  Timestamp: z.coerce.number().int().nonnegative().optional(),
  'Block-Height': z.coerce.number().int().nonnegative().optional(),
  Epoch: z.number().int().nullish(),
  Nonce: z.number().int().nullish(),
  'Hash-Chain': z.string().nullish(),
  'Forwarded-By': z.string().nullish(),
  Cron: z.boolean().optional(),
});
export type DryRunMessage = z.infer<typeof DryRunMessage>;
