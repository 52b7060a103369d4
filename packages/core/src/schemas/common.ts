import { z } from 'zod';
import { isId } from '../encoding.ts';

/** 43 characters of base64url: an id or an address. */
export const Id = z.string().refine(isId, 'must be 43 characters of base64url');

export const TagSchema = z.object({ name: z.string(), value: z.string() });

/** `address` is base64url(SHA-256(key)); `key` the public key in base64url. */
export const Owner = z.object({ address: z.string(), key: z.string() });

/** The body of every failed request. */
export const ErrorBody = z.object({ error: z.string(), code: z.string().optional() });
