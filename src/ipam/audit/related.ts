import { tryParseAddress } from "../../address/address.ts";
import { readPast } from "../integrity/read-past.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import { NOTE_KIND } from "../own-kinds.ts";
import { type Ref, SHARE_KIND } from "../records.ts";
import { refKey } from "../ref-key.ts";
import type { Entry, ListOptions, Store } from "../store-port.ts";

type Kind = "allocation" | "attachment" | "reservation" | "owner";
type RelatedRef = Extract<Ref, { kind: Kind }>;
type Related = { [K in Kind]: Entry<K> }[Kind];

/** Records that an audit compares with each other, by kind. */
export type Compared = Pick<StoreRecords, "allocations" | "attachments" | "reservations" | "owners">;

/**
 * Records that may contradict each other, with all others that they speak of, and so on: what is found among them is
 * what is found about them among all records of the store.
 *
 * @throws StoreFailure.
 */
export async function relatedRecords(
  seeds: readonly Related[],
  wanted: readonly RelatedRef[],
  store: Pick<Store, "read">,
  options: ListOptions,
): Promise<Compared> {
  const found = new Map<string, Related>();
  const asked = new Set<string>();
  let next: RelatedRef[] = [];
  const ask = (ref: RelatedRef) => {
    const key = refKey(ref);
    if (asked.has(key)) return;
    asked.add(key);
    next.push(ref);
  };
  const take = (entry: Related) => {
    found.set(refKey(entry.ref), entry);
    for (const ref of namedBy(entry)) ask(ref);
  };
  for (const { ref } of seeds) asked.add(refKey(ref));
  for (const ref of wanted) ask(ref);
  for (const seed of seeds) take(seed);
  while (next.length > 0) {
    const refs = next;
    next = [];
    const records = await readPast(refs, store, options);
    refs.forEach((ref, index) => {
      const versioned = records[index];
      if (versioned !== undefined) take({ ref, ...versioned } as Related);
    });
  }
  const of = <K extends Kind>(kind: K) =>
    [...found.values()].filter((entry): entry is Related & Entry<K> => entry.ref.kind === kind);
  return {
    allocations: of("allocation"),
    attachments: of("attachment"),
    reservations: of("reservation"),
    owners: of("owner"),
  };
}

function namedBy(entry: Related): RelatedRef[] {
  const { ref, record } = entry;
  switch (ref.kind) {
    case "allocation": {
      const { holders } = record as Entry<"allocation">["record"];
      return holders.map(({ attachment: id, node }) => ({ kind: "attachment", node, id }));
    }
    case "attachment": {
      const { addresses, space } = record as Entry<"attachment">["record"];
      return addresses.flatMap((text) => at("allocation", space, text));
    }
    case "reservation": {
      const { owner } = record as Entry<"reservation">["record"];
      return owner.kind === NOTE_KIND ? [] : [{ kind: "owner", space: ref.space, owner }];
    }
    case "owner": {
      const { addresses, owner } = record as Entry<"owner">["record"];
      if (owner.kind === SHARE_KIND) return [];
      return addresses.flatMap((text) => [
        ...at("reservation", ref.space, text),
        ...at("allocation", ref.space, text),
      ]);
    }
  }
}

/** None for what a hand wrote that is no address. */
function at(kind: "allocation" | "reservation", space: string, text: string): RelatedRef[] {
  const address = tryParseAddress(text);
  return address === undefined ? [] : [{ kind, space, address }];
}
