export type Family = 4 | 6;

/** An IP address as a value: 32 bits for family 4, 128 bits for family 6. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}
