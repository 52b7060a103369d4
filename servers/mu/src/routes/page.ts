import { z } from 'zod';

/** Paging by the `seq` of the last node seen. */
export const pageQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
});
