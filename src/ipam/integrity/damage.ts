import type { Ports } from "../ports.ts";
import { SaidOnce } from "../said-once.ts";
import { type Damage, StoreFailure } from "../store-port.ts";

type WarningPorts = Pick<Ports, "log" | "store">;

/** Options for a listing or a watch that skips damaged records, and warns of each. */
export function pastDamage<T extends object>(options: T, ports: WarningPorts) {
  return { ...options, damaged: ({ failure }: Damage) => warnOfDamage(failure, ports) };
}

/**
 * Does the work on one item of many. A damaged record is logged and ends only this item.
 *
 * @returns the work's result, or `otherwise` after a damaged record. Rejects with any other failure of the work.
 */
export async function orDamaged<T>(work: () => Promise<T>, otherwise: T, ports: WarningPorts): Promise<T> {
  try {
    return await work();
  } catch (failure) {
    if (!isDamage(failure)) throw failure;
    warnOfDamage(failure, ports);
    return otherwise;
  }
}

/** Does the work; where a damaged record ends it, the other one, which does without that record. */
export async function unlessDamaged<T>(work: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (failure) {
    if (!isDamage(failure)) throw failure;
    return otherwise();
  }
}

/** Whether a failure is that of one damaged record. */
export function isDamage(failure: unknown): failure is StoreFailure {
  return failure instanceof StoreFailure && failure.kind === "damaged";
}

const warned = new SaidOnce();

/** Warns of each damaged record once per process: a process that reclaims meets it every few seconds. */
export function warnOfDamage({ message, remedy }: StoreFailure, { log, store }: WarningPorts): void {
  if (!warned.isFirst(`${store.description.location} ${message}`)) return;
  log("warn", `${message}; this record is skipped, and left as it is: ${remedy}`);
}
