import { z } from 'zod';
import { TagSchema } from './common.ts';

/** A transaction or data item as GraphQL gives it. */
export const GatewayTransaction = z.object({
  id: z.string(),
  signature: z.string().nullish(),
  anchor: z.string().nullish(),
  recipient: z.string().nullish(),
  owner: z.object({ address: z.string(), key: z.string().nullish() }),
  tags: z.array(TagSchema).default([]),
  block: z.object({ height: z.number(), timestamp: z.number() }).nullish(),
});
export type GatewayTransaction = z.infer<typeof GatewayTransaction>;

/** `GET /info`, the part the units use. */
export const NetworkInfo = z.object({ height: z.number().int().nonnegative() });

/** `GET /tx/:id/status`. */
export const TransactionStatus = z.object({
  block_height: z.number(),
  number_of_confirmations: z.number(),
});
