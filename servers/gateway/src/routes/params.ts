import { Id } from '@ao-ts/core/schemas';
import { z } from 'zod';

export const IdParams = z.object({ id: Id });

export const AddressParams = z.object({ address: Id });

/** A path parameter that is a number of blocks or a height. */
export const Height = z.coerce.number().int().nonnegative();
