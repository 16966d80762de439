import type { Ref } from "./records.ts";
import type { Outcome } from "./store-port.ts";

/** A transaction that has happened. */
export type Won = Extract<Outcome, { readonly won: true }>;

/** The revision of a record that a transaction has put; 0, which no guard of it passes, where the store cannot tell. */
export function revisionIn({ revision, revisionOf }: Won, ref: Ref): number {
  return revisionOf === undefined ? revision : (revisionOf(ref) ?? 0);
}
