import { formatAddress, parseAddress } from "../../address/address.ts";
import type {
  AllocationRecord,
  AttachmentRecord,
  Holder,
  NodeRecoveryRecord,
  Ref,
  RefOf,
} from "../../ipam/records.ts";
import { type Put, type Store, StoreFailure } from "../../ipam/store-port.ts";

/** An empty store, and what else the suite needs. */
export interface StoreUnderTest {
  readonly store: Store;
  /** A second handle on the same records, as another process would have; absent where there is none. */
  readonly other?: Store;
  /**
   * What one read shows as of one moment: a whole transaction, or the records of one address. Default: a transaction.
   * The suite says at each case what a store of the second kind need not do, and why.
   */
  readonly atom?: "transaction" | "address";
  /** Damages an existing record, as another program that writes into the store could. */
  readonly damage: (ref: Ref) => Promise<void>;
  /** Closes the handles and removes all files. */
  readonly close: () => Promise<void>;
}

type RefTo<K extends Ref["kind"]> = RefOf<K>;

export const options = () => ({ deadline: performance.now() + 10_000 });

export function allocation(text: string, space = "default"): RefTo<"allocation"> {
  return { kind: "allocation", space, address: parseAddress(text) };
}

export function cooling(text: string): RefTo<"cooling"> {
  return { kind: "cooling", space: "default", address: parseAddress(text) };
}

export function attachment(container: string, node = "node1", network = "net1"): RefTo<"attachment"> {
  return { kind: "attachment", node, id: { network, container, ifname: "eth0" } };
}

export function allocated(container: string): AllocationRecord {
  return { version: 1, holders: [holder(container)], origin: "dynamic", since: "2026-01-01T00:00:00Z" };
}

export function attached(container: string, ...addresses: string[]): AttachmentRecord {
  return {
    version: 1,
    space: "default",
    addresses,
    prefixes: addresses.map(() => 24),
    gateways: addresses.map(() => null),
    origin: "dynamic",
    holder: holder(container),
  };
}

export function putAllocation(text: string, container = "c1", space = "default"): Put {
  return { ref: allocation(text, space), record: allocated(container) };
}

export function putAttachment(container: string, node?: string, network?: string): Put {
  return { ref: attachment(container, node, network), record: attached(container) };
}

export function putCooling(text: string, seconds: number): Put {
  return { ref: cooling(text), record: { version: 1 }, seconds };
}

export function putReservation(text: string): Put {
  return {
    ref: { kind: "reservation", space: "default", address: parseAddress(text) },
    record: {
      version: 1,
      owner: { kind: "Pod", namespace: "a", name: "b" },
      kind: "automatic",
      retain: "workload",
      since: "",
    },
  };
}

export function recoveryOf(node: string): NodeRecoveryRecord {
  return {
    version: 1,
    recovery: `of ${node}`,
    node,
    attachments: 0,
    written: 0,
    conflicts: [],
    spaces: ["default"],
    answersSeen: 0,
    since: "",
  };
}

/** Writes records without guards. Returns the revision. */
export async function putAll(store: Store, ...puts: Put[]): Promise<number> {
  const outcome = await store.commit({ guards: [], puts, deletes: [] }, options());
  if (!outcome.won) throw new Error("a transaction without guards lost");
  return outcome.revision;
}

export function deleteAll(store: Store, ...deletes: Ref[]) {
  return store.commit({ guards: [], puts: [], deletes }, options());
}

export async function readOne<K extends Ref["kind"]>(store: Store, ref: RefTo<K>) {
  return (await store.read({ refs: [ref] }, options())).get<RefTo<K>>(ref);
}

/** Waits until a record has expired. etcd takes a few seconds longer than it should. */
export async function expired(store: Store, ref: Ref): Promise<void> {
  const end = performance.now() + 20_000;
  while ((await store.read({ refs: [ref] }, options())).get(ref) !== undefined) {
    if (performance.now() > end) throw new Error("the record did not expire within 20 s");
    await Bun.sleep(100);
  }
}

/** The StoreFailure of a call that must fail. Throws where it succeeds, or fails with anything else. */
export async function failureOf(call: Promise<unknown>): Promise<StoreFailure> {
  const failure = await call.then(
    (answer) => new Error(`expected a failure, got ${JSON.stringify(answer)}`),
    (reason: unknown) => reason,
  );
  if (failure instanceof StoreFailure) return failure;
  throw failure;
}

/** A short text for a reference, to compare lists of them. */
export function told(ref: Ref): string {
  if ("address" in ref) return formatAddress(ref.address);
  if (ref.kind === "attachment") return ref.id.container;
  if (ref.kind === "owner") return ref.owner.name;
  if (ref.kind === "recovery") return ref.node;
  return ref.kind === "network" ? ref.name : ref.kind;
}

function holder(container: string): Holder {
  return {
    attachment: { network: "net1", container, ifname: "eth0" },
    node: "node1",
    nodeVerified: false,
    bootId: "boot",
    namespace: { path: "/run/netns/x" },
    requestId: `request of ${container}`,
  };
}
