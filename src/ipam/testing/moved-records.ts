import { parseAddress } from "../../address/address.ts";
import type { MovedKind } from "../carried-kinds.ts";
import type { AttachmentRecord, Holder, ReservationRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Put, Store } from "../store-port.ts";

/** Each kind of record that moves, in two address spaces; whoever adds a kind is told here that it lacks an example. */
const EXAMPLES: Readonly<Record<MovedKind, () => readonly Put[]>> = {
  network: () => [
    {
      ref: { kind: "network", name: "lan" },
      record: {
        version: 1,
        space: "default",
        subnets: ["10.9.0.0/16", "fd00:9::/64"],
        detail: "of now",
        earlier: [{ space: "wire", subnets: ["10.9.0.0/24"], again: true }],
        more: true,
        further: true,
      },
    },
  ],
  reservedRanges: () => [
    {
      ref: { kind: "reservedRanges", space: "default" },
      record: {
        version: 1,
        ranges: [{ first: "10.9.8.0", last: "10.9.8.255", reservation: reservation("printers") }],
      },
    },
  ],
  owner: () => [
    {
      ref: { kind: "owner", space: "default", owner: OWNER },
      record: {
        version: 1,
        owner: OWNER,
        addresses: ["10.9.0.1", "10.9.7.1"],
        slots: { "0": ["10.9.0.1"] },
        places: {
          "10.9.0.1": { network: "lan", ifname: "eth0", slot: "0" },
          "10.9.7.1": { network: "lan", ifname: "net1" },
        },
      },
    },
  ],
  reservation: () => [
    // With a holder, and without.
    { ref: refTo.reservation("default", parseAddress("10.9.0.1")), record: automatic() },
    { ref: refTo.reservation("default", parseAddress("10.9.7.1")), record: automatic() },
    { ref: refTo.reservation("wire", parseAddress("10.9.7.9")), record: reservation("router") },
  ],
  allocation: () => [
    allocated("10.9.0.1", "a"),
    allocated("10.9.0.2", "b"),
    allocated("fd00:9::2", "b"),
    // The same address on another wire.
    allocated("10.9.0.1", "c", "wire"),
    // A virtual machine that migrates: both have the address.
    {
      ref: refTo.allocation("default", parseAddress("10.9.0.3")),
      record: { version: 1, holders: [holder("d"), holder("e", "n2")], origin: "sticky", since: "" },
    },
  ],
  attachment: () => [
    attached("a", "n1", "default", "10.9.0.1"),
    attached("b", "n1", "default", "10.9.0.2", "fd00:9::2"),
    attached("c", "n1", "wire", "10.9.0.1"),
    attached("d", "n1", "default", "10.9.0.3"),
    attached("e", "n2", "default", "10.9.0.3"),
  ],
  released: () => [
    {
      ref: { kind: "released", node: "n2", id: { network: "lan", container: "gone", ifname: "eth0" } },
      record: { version: 1, requestId: "r" },
      seconds: 3600,
    },
  ],
  cooling: () => [
    { ref: refTo.cooling("default", parseAddress("10.9.0.77")), record: { version: 1 }, seconds: 3600 },
  ],
};

/** Puts an example of each kind into a store. @returns how many records they are. */
export async function putExamples(store: Store): Promise<number> {
  const puts = Object.values(EXAMPLES).flatMap((examples) => examples());
  const options = { deadline: performance.now() + 10_000 };
  for (const put of puts) await store.commit({ guards: [], puts: [put], deletes: [] }, options);
  return puts.length;
}

const OWNER = { kind: "StatefulSet", namespace: "shop", name: "db", uid: "u1" } as const;

function reservation(name: string): ReservationRecord {
  const owner = { kind: "Note", namespace: "", name };
  return { version: 1, owner, kind: "operator", retain: "keep", note: name, since: "" };
}

function automatic(): ReservationRecord {
  return { version: 1, owner: OWNER, kind: "automatic", retain: 3600, cluster: "c", since: "" };
}

function holder(container: string, node = "n1"): Holder {
  return {
    attachment: { network: "lan", container, ifname: "eth0" },
    pod: { namespace: "shop", name: container, uid: `u-${container}` },
    node,
    nodeVerified: true,
    bootId: `boot-${node}`,
    machine: `machine-${node}`,
    namespace: { path: `/run/netns/${container}`, device: "4", inode: "1" },
    requestId: `request-${container}`,
    cluster: "c",
  };
}

function allocated(address: string, container: string, space = "default"): Put {
  return {
    ref: refTo.allocation(space, parseAddress(address)),
    record: { version: 1, holders: [holder(container)], origin: "dynamic", since: "" },
  };
}

function attached(container: string, node: string, space: string, ...addresses: string[]): Put {
  const record: AttachmentRecord = {
    version: 1,
    space,
    addresses,
    prefixes: addresses.map(() => 16),
    gateways: addresses.map(() => null),
    origin: "dynamic",
    endsReservations: true,
    holder: holder(container, node),
  };
  return { ref: refTo.attachment(node, record.holder.attachment), record };
}
