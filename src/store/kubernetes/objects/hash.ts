/** 128 bits of SHA-256 in hexadecimal: what is no name or label of Kubernetes is told apart by it. */
export function hashOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, HEX_DIGITS);
}

const HEX_DIGITS = 32;
