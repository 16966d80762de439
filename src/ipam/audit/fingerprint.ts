/** Another one for each process: nobody can choose names whose fingerprints are alike. */
const SEED = BigInt(Math.floor(Math.random() * 2 ** 48));
const MASK = 2n ** 53n - 1n;

/**
 * A number that stands for these texts, in eight bytes instead of the texts. Of 100,000 records, two that differ have one
 * fingerprint in a run of two million.
 */
export function fingerprint(...parts: readonly (string | undefined)[]): number {
  return Number(Bun.hash(JSON.stringify(parts), SEED) & MASK);
}
