import { z } from 'zod';

/** A process, where it stands in the path. */
export const ProcessPath = z.object({ processId: z.string() });

/** The process of a message, as clients name it in the query. */
export const ProcessQuery = z.object({ 'process-id': z.string() });

export const JSON_TYPE = 'application/json; charset=utf-8';
