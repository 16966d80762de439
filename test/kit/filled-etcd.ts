import { BareEtcd } from "../../bench/etcd-bare.ts";
import type { EtcdSettings } from "../../src/config/network-configuration.ts";
import type {
  AllocationRecord,
  AttachmentRecord,
  Holder,
  OwnerRecord,
  RecordTypes,
  Ref,
  ReservationRecord,
} from "../../src/ipam/records.ts";
import { makeKeys } from "../../src/store/keys/keys.ts";

/** How much a store is to hold. */
export interface Fill {
  readonly nodes: number;
  /** One address each, evenly on the nodes. */
  readonly allocations: number;
  /** Of the first allocations, each for the StatefulSet of its pod; an owner has two. */
  readonly reservations: number;
}

export const SPACE = "default";
export const NETWORK = "lan";
export const TEAMS = 50;
/** The UID of its cluster. */
export const CLUSTER = "c1a50000-0000-4000-8000-000000000001";

/** Records of one transaction: etcd takes 128 operations. */
const PER_TRANSACTION = 120;

/**
 * Fills an empty etcd, past our store, with records that fit together: `check` finds nothing. Each
 * allocation has its attachment, each reservation its owner.
 */
export async function fillEtcd(settings: EtcdSettings, fill: Fill): Promise<void> {
  const { keyOf } = makeKeys(settings.prefix);
  const bare = await BareEtcd.open(settings);
  let pairs: [string, Uint8Array][] = [];
  const flush = async () => {
    await bare.putAll(pairs);
    pairs = [];
  };
  for (const { ref, record } of recordsOf(fill)) {
    pairs.push([keyOf(ref), Buffer.from(JSON.stringify(record))]);
    if (pairs.length === PER_TRANSACTION) await flush();
  }
  await flush();
  bare.close();
}

/** The nth pod's address: 10.0.0.0/8 without the network's own. */
export function addressOf(n: number): string {
  return [10, ((n + 1) >> 16) & 255, ((n + 1) >> 8) & 255, (n + 1) & 255].join(".");
}

/** The node of the nth pod. */
export function nodeOf(n: number, { nodes }: Pick<Fill, "nodes">): string {
  return `worker-${String(n % nodes).padStart(4, "0")}`;
}

/** The nth pod; two in a row are those of one StatefulSet. */
export function podOf(n: number): { namespace: string; name: string; uid: string } {
  return {
    namespace: namespaceOf(n),
    name: `${setOf(n)}-${n % 2}`,
    uid: `8f1d2c3b-0000-4000-8000-${hex(n)}`,
  };
}

interface Filled<K extends keyof RecordTypes = keyof RecordTypes> {
  readonly ref: Extract<Ref, { kind: K }>;
  readonly record: RecordTypes[K];
}

function* recordsOf(fill: Fill): Generator<Filled> {
  yield {
    ref: { kind: "meta" },
    record: { version: 1, uuid: "5a1f0000-0000-4000-8000-000000000001", state: "ready", epoch: 1 },
  };
  yield {
    ref: { kind: "network", name: NETWORK },
    record: { version: 1, space: SPACE, subnets: ["10.0.0.0/8"] },
  };
  for (let n = 0; n < fill.allocations; n++) {
    const record = attachmentOf(n, fill);
    const { attachment: id, node } = record.holder;
    yield { ref: allocationRef(n), record: allocationOf(record) };
    yield { ref: { kind: "attachment", node, id }, record };
    if (n >= fill.reservations) continue;
    yield { ref: { ...allocationRef(n), kind: "reservation" }, record: reservationOf(n) };
    if (n % 2 === 0)
      yield { ref: { kind: "owner", space: SPACE, owner: ownerOf(n) }, record: ownerRecordOf(n) };
  }
}

function allocationRef(n: number) {
  return { kind: "allocation", space: SPACE, address: { family: 4, value: BigInt(0x0a000001 + n) } } as const;
}

function attachmentOf(n: number, fill: Fill): AttachmentRecord {
  const reserved = n < fill.reservations;
  return {
    version: 1,
    space: SPACE,
    addresses: [addressOf(n)],
    prefixes: [8],
    gateways: ["10.255.255.254"],
    origin: reserved ? "sticky" : "dynamic",
    holder: holderOf(n, fill),
  };
}

function allocationOf({ origin, holder }: AttachmentRecord): AllocationRecord {
  return { version: 1, origin, since: "2026-01-01T00:00:00.000Z", holders: [holder] };
}

function holderOf(n: number, fill: Fill): Holder {
  const node = nodeOf(n, fill);
  return {
    attachment: {
      network: NETWORK,
      container: `c${hex(n)}${"0123456789abcdef".repeat(3)}0f1`,
      ifname: "eth0",
    },
    pod: podOf(n),
    node,
    nodeVerified: true,
    bootId: bootOf(n % fill.nodes),
    machine: `3ac40000-0000-4000-8000-${hex(n % fill.nodes)}`,
    namespace: {
      path: `/var/run/netns/cni-${hex(n)}`,
      device: "4",
      inode: String(4026532000 + n),
      mountNamespace: "4026531841",
      folder: "26:1234",
    },
    requestId: `4e9a1b2c-0000-4000-8000-${hex(n)}`,
    cluster: CLUSTER,
  };
}

export function ownerOf(n: number) {
  const uid = `0e4e0000-0000-4000-8000-${hex(n >> 1)}`;
  return { kind: "StatefulSet", namespace: namespaceOf(n), name: setOf(n), uid };
}

function ownerRecordOf(n: number): OwnerRecord {
  return { version: 1, owner: ownerOf(n), addresses: [addressOf(n), addressOf(n + 1)] };
}

function reservationOf(n: number): ReservationRecord {
  return {
    version: 1,
    owner: ownerOf(n),
    kind: "automatic",
    retain: "workload",
    since: "2026-01-01T00:00:00.000Z",
    cluster: CLUSTER,
  };
}

function namespaceOf(n: number): string {
  return `team-${(n >> 1) % TEAMS}`;
}

function setOf(n: number): string {
  return `app-${n >> 1}`;
}

function hex(n: number): string {
  return n.toString(16).padStart(12, "0");
}

/** The boot ID of the nth node. */
export function bootOf(node: number): string {
  return `b0070000-0000-4000-8000-${hex(node)}`;
}
