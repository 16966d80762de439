import type { Ports } from "../ports.ts";
import { type Damage, StoreFailure } from "../store-port.ts";

type Told = Pick<Ports, "log" | "store">;

/** Options for a listing or a watch that goes on past damaged records, and tells of each. */
export function pastDamage<T extends object>(options: T, ports: Told) {
  return { ...options, damaged: ({ failure }: Damage) => tellDamage(failure, ports) };
}

/**
 * Work on one of many: where a damaged record is in its way, that is told, and the rest goes on.
 *
 * @returns what the work did, or `otherwise`. Rejects as the work does for any other reason.
 */
export async function orDamaged<T>(work: () => Promise<T>, otherwise: T, ports: Told): Promise<T> {
  try {
    return await work();
  } catch (failure) {
    if (!isDamage(failure)) throw failure;
    tellDamage(failure, ports);
    return otherwise;
  }
}

export function isDamage(failure: unknown): failure is StoreFailure {
  return failure instanceof StoreFailure && failure.kind === "damaged";
}

const told = new Set<string>();

/** Warns of each damaged record once in the life of a process: who reclaims meets it every few seconds. */
export function tellDamage({ message, remedy }: StoreFailure, { log, store }: Told): void {
  const key = `${store.description.location} ${message}`;
  if (told.has(key)) return;
  told.add(key);
  log("warn", `${message}; this record is skipped, and left as it is. ${remedy}`);
}
