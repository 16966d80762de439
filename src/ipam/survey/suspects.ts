import type { AddressKey } from "./address-key.ts";
import { type AllocationRow, rowsOf } from "./allocation-table.ts";
import { plus } from "./hash.ts";
import { isNamed, type PodIndex } from "./pod-index.ts";
import type { PodRow } from "./pod-table.ts";
import type { StoreIndex } from "./store-index.ts";

/**
 * What an audit must look at, each with a number that changes when what is known of it does. Whatever is not among
 * them, the audit would find nothing wrong with.
 */
export type Suspects = Readonly<Record<SuspectKind, ReadonlyMap<AddressKey, number>>>;

/** Pods are suspect of lacking what they name; everything else of a pod shows in its addresses. */
export const SUSPECT_KINDS = ["addresses", "attachments", "owners", "pods"] as const;
export type SuspectKind = (typeof SUSPECT_KINDS)[number];

/** For each kind one of these. */
export function ofEachKind<T>(make: () => T): Record<SuspectKind, T> {
  return { addresses: make(), attachments: make(), owners: make(), pods: make() };
}

/** Goes through the index once; reads nothing. */
export function suspectsIn(store: StoreIndex, pods: PodIndex): Suspects {
  const addresses = new Map<AddressKey, number>();
  const suspect = (key: AddressKey, state: number) =>
    void addresses.set(key, plus(addresses.get(key) ?? 0, state));
  for (const rows of store.allocations.spaces().values())
    rows.each((key, row) => {
      if (!isPlain(row, store, pods)) suspect(key, 1);
    });
  const lacking = new Map<AddressKey, number>();
  pods.each((key, pod) => {
    if (pod.finished) return;
    for (const shown of pod.shown) if (isDoubtful(shown, key, pod, store)) suspect(shown, pod.state);
    if (pod.named.length === 0) return;
    const held = pod.shown.filter((shown) => store.allocations.isHeldBy(shown, key, pod.uid));
    if (pod.named.some((intervals) => !isNamed(held, intervals))) lacking.set(key, pod.state);
  });
  for (const key of addresses.keys())
    for (const row of store.allocations.of(key)) suspect(key, stateOf(row, store, pods));
  return {
    addresses,
    attachments: new Map<AddressKey, number>(store.allocations.attachments.unequal()),
    owners: new Map<AddressKey, number>(store.reservations.balance.unequal()),
    pods: lacking,
  };
}

/** One holder of this cluster, whose attachment says the same, and whose pod lives on its node; or nobody knows more. */
function isPlain(row: AllocationRow, { allocations }: StoreIndex, pods: PodIndex): boolean {
  if (row.odd || !allocations.attachments.isEqual(row.attachment)) return false;
  if (row.pod === 0 || row.foreign) return !allocations.isCrowded(row);
  return pods.runs(row.pod, row.uid, row.node) && !allocations.isCrowded(row);
}

function stateOf(row: AllocationRow, { allocations }: StoreIndex, pods: PodIndex): number {
  return rowsOf(row).reduce(
    (sum, { pod }) => plus(sum, Math.imul(pods.get(pod)?.state ?? 1, 5)),
    allocations.stateOf(row),
  );
}

/** A pod shows an address that another one has, or that is of a network and nobody's. */
function isDoubtful(shown: AddressKey, key: number, pod: PodRow, store: StoreIndex): boolean {
  if (store.allocations.isHeldBy(shown, key, pod.uid)) return false;
  return store.allocations.has(shown) || (!pod.deleting && store.isOfNetwork(shown));
}
