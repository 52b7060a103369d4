/** Byte lengths of signature and owner per ANS-104 signature type. */
export interface SignatureType {
  name: string;
  signatureLength: number;
  ownerLength: number;
}

export const SignatureTypes = {
  arweave: 1,
  ed25519: 2,
  ethereum: 3,
  solana: 4,
  typedEthereum: 7,
} as const;

const table: Record<number, SignatureType> = {
  [SignatureTypes.arweave]: { name: 'Arweave RSA-4096', signatureLength: 512, ownerLength: 512 },
  [SignatureTypes.ed25519]: { name: 'Ed25519', signatureLength: 64, ownerLength: 32 },
  [SignatureTypes.ethereum]: { name: 'Ethereum secp256k1', signatureLength: 65, ownerLength: 65 },
  [SignatureTypes.solana]: { name: 'Solana Ed25519', signatureLength: 64, ownerLength: 32 },
  [SignatureTypes.typedEthereum]: { name: 'Ethereum typed data', signatureLength: 65, ownerLength: 42 },
};

/** The known signature type with that number, or undefined. */
export function signatureTypeInfo(type: number): SignatureType | undefined {
  return table[type];
}
