import { fromBase64url } from '../encoding.ts';
import { assembleDataItem, type DataItem, encodeContent, NO_LIMITS } from './data-item.ts';
import { SignatureTypes, signatureTypeInfo } from './signature-types.ts';
import type { Tag } from './tags.ts';
import { verifyDataItem } from './verify.ts';

/** What a gateway says of an item: base64url, but for tags and data. */
export interface ItemParts {
  signature: string;
  /** The public key, not its address. */
  owner: string;
  /** Empty if there is none. */
  target: string;
  anchor: string;
  tags: readonly Tag[];
  data: Uint8Array;
}

/**
 * Puts together again what was signed. Gateways do not say with which kind of key, so those that fit are tried. Undefined
 * unless the signature is valid over it, which that of a transaction of layer one never is.
 */
export async function rebuildDataItem(parts: ItemParts): Promise<DataItem | undefined> {
  const signature = fromBase64url(parts.signature);
  const owner = fromBase64url(parts.owner);
  for (const signatureType of Object.values(SignatureTypes)) {
    const lengths = signatureTypeInfo(signatureType);
    if (lengths?.ownerLength !== owner.length || lengths.signatureLength !== signature.length) continue;
    const anchor = fromBase64url(parts.anchor);
    if (anchor.length !== 0 && anchor.length !== 32) return undefined;
    const content = { ...parts, anchor };
    const item = assembleDataItem(encodeContent(content, { signatureType, owner }, NO_LIMITS), signature);
    if (await verifyDataItem(item)) return item;
  }
  return undefined;
}
