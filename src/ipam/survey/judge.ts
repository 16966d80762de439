import { audit } from "../audit/audit.ts";
import type { AuditFinding, FindingReason } from "../audit/types.ts";
import { podName } from "../in-words.ts";
import { pastDamage } from "../integrity/damage.ts";
import type { ClusterPorts } from "../ports.ts";
import type { PodId, RefOf } from "../records.ts";
import { refKey } from "../ref-key.ts";
import type { CallOptions, Entry } from "../store-port.ts";
import type { AddressKey } from "./address-key.ts";
import { attachmentHash } from "./allocation-index.ts";
import type { FollowedNodes } from "./followed-nodes.ts";
import { Gatherer, keysOf, texts } from "./gather.ts";
import { type Neighbours, neighboursOf } from "./neighbours.ts";
import type { PodIndex } from "./pod-index.ts";
import type { StoreIndex } from "./store-index.ts";
import type { SuspectKind, Suspects } from "./suspects.ts";

/** Suspects that are judged at a time, so that memory stays bounded. */
const CHUNK = 100;
/** Milliseconds that they may take: with less time left, none are begun. */
const CHUNK_MS = 10_000;

/** What is kept of a finding. */
export type Found = Pick<AuditFinding, "id" | "kind">;

/** What the judge knows of the cluster. */
export interface Known {
  readonly store: StoreIndex;
  readonly pods: PodIndex;
  readonly nodes: FollowedNodes;
}

/** One suspect, and all that a finding of it may name. */
interface Unit {
  readonly of: SuspectKind;
  readonly key: AddressKey;
  readonly keys: readonly AddressKey[];
  readonly pod?: AddressKey;
  readonly attachments?: readonly Entry<"attachment">[];
  readonly owner?: RefOf<"owner">;
}

/**
 * Audits the suspects by what store and Kubernetes say of them now, some at a time; `judged` is told what was found of
 * each, and at which addresses it looked. The audit is that of `kube-ipam check`, on the records and pods that can bear on a suspect.
 *
 * @returns false where time was not enough for all.
 * @throws StoreFailure; IpamError where Kubernetes does not answer. What was told before is right.
 */
export async function judge(
  suspects: Suspects,
  known: Known,
  ports: ClusterPorts,
  options: CallOptions & { readonly signal: AbortSignal },
  judged: (of: SuspectKind, key: AddressKey, found: Found[], looked: readonly AddressKey[]) => void,
): Promise<boolean> {
  const units = await unitsOf(suspects, known, ports, options);
  if (units.length === 0) return true;
  const keys = new Set(units.flatMap((unit) => unit.keys));
  const neighbours = neighboursOf(keys, suspects.pods.keys(), known.store, known.pods);
  for (let from = 0; from < units.length; from += CHUNK) {
    if (options.signal.aborted || performance.now() > options.deadline - CHUNK_MS) return false;
    const chunk = units.slice(from, from + CHUNK);
    const findings = await auditOf(chunk, neighbours, known, ports, options);
    for (const unit of chunk) {
      const held = unit.pod === undefined ? [] : neighbours.heldBy(unit.pod);
      judged(unit.of, unit.key, foundOf(unit, findings, known), [...unit.keys, ...held]);
    }
  }
  return true;
}

async function unitsOf(
  suspects: Suspects,
  { store }: Known,
  ports: ClusterPorts,
  options: CallOptions,
): Promise<Unit[]> {
  const attachments = await attachmentsOf(suspects.attachments, store, ports, options);
  const owners = await ownersOf(suspects.owners, store, ports, options);
  return [
    ...[...suspects.addresses.keys()].map((key): Unit => ({ of: "addresses", key, keys: [key] })),
    ...attachments,
    ...owners,
    ...[...suspects.pods.keys()].map((pod): Unit => ({ of: "pods", key: pod, keys: [], pod })),
  ];
}

/** Only their nodes are known: those are listed. */
async function attachmentsOf(
  wanted: ReadonlyMap<AddressKey, number>,
  { allocations, damaged }: StoreIndex,
  ports: ClusterPorts,
  options: CallOptions,
): Promise<Unit[]> {
  const found = new Map<AddressKey, Entry<"attachment">>();
  const nodes = new Set([...wanted.keys()].map((key) => allocations.attachments.nodeOf(Number(key))));
  for (const node of nodes) {
    if (node === "") continue;
    for await (const entry of ports.store.list({ kind: "attachment", node }, pastDamage(options, ports))) {
      const key = attachmentHash(entry.ref.node, entry.ref.id);
      if (wanted.has(key) && !damaged.has(refKey(entry.ref))) found.set(key, entry);
    }
  }
  return [...wanted.keys()].map((key) => {
    const entry = found.get(key);
    const keys = entry === undefined ? [] : keysOf(entry.record.addresses);
    return { of: "attachments", key, keys, attachments: entry === undefined ? [] : [entry] };
  });
}

async function ownersOf(
  wanted: ReadonlyMap<AddressKey, number>,
  { reservations }: StoreIndex,
  ports: ClusterPorts,
  options: CallOptions,
): Promise<Unit[]> {
  const owners = new Set(wanted.keys());
  const keys = Map.groupBy(reservations.of(owners), ({ owner }) => owner);
  const units: Unit[] = [];
  for (const key of owners) {
    const ref = reservations.owner(key);
    const snapshot = ref && (await ports.store.read({ refs: [ref] }, options));
    const listed = (ref && snapshot?.get(ref)?.record.addresses) ?? [];
    const reserved = (keys.get(key) ?? []).map((each) => each.key);
    units.push({
      of: "owners",
      key,
      keys: [...new Set([...keysOf(listed), ...reserved])],
      ...(ref && { owner: ref }),
    });
  }
  return units;
}

async function auditOf(
  chunk: readonly Unit[],
  neighbours: Neighbours,
  { nodes, pods, store }: Known,
  ports: ClusterPorts,
  options: CallOptions,
): Promise<readonly AuditFinding[]> {
  const gatherer = new Gatherer(store, pods, ports, options);
  const keys = chunk.flatMap((unit) => unit.keys);
  const around = new Set<AddressKey>(keys.flatMap((key) => [...neighbours.podsAt(key)]));
  for (const { pod } of chunk) if (pod !== undefined) around.add(pod);
  const beside = [...around].flatMap((pod) => neighbours.heldBy(pod));
  const records = await gatherer.records([...keys, ...beside], {
    attachments: chunk.flatMap(({ attachments = [] }) => attachments),
    owners: chunk.flatMap(({ owner }) => owner ?? []),
  });
  const holders = records.allocations.flatMap(({ record }) => record.holders.flatMap(({ pod }) => pod ?? []));
  const shown: PodId[] = [...around].flatMap((pod) => {
    return pods.idOf(Number(pod)) ?? [];
  });
  const live = { pods: await gatherer.pods([...holders, ...shown]), nodes: [...nodes.all.values()] };
  const { clusterNames } = ports;
  const known = { boots: store.boots.known, held: store.heldNetworks(), compared: records };
  return audit({ records, live, clusterNames, known }).findings;
}

/** Each finding is that of one suspect: the one that changes when the finding does. */
const FOUND: Readonly<Record<SuspectKind, (finding: Pick<AuditFinding, "kind" | "reason">) => boolean>> = {
  addresses: ({ kind, reason }) =>
    kind !== "damaged" && kind !== "suspect" && kind !== "wish" && !OF_RECORDS.includes(reason),
  attachments: ({ reason }) => reason === "no-allocation",
  owners: ({ reason }) => OF_OWNERS.includes(reason),
  pods: ({ kind }) => kind === "wish",
};

const OF_OWNERS: readonly FindingReason[] = ["owner-lacks-address", "owner-lists-unreserved"];
const OF_RECORDS: readonly FindingReason[] = [...OF_OWNERS, "no-allocation"];

/** An audit of a part finds what is wrong with that part, and more that only seems so because the rest is missing. */
function foundOf(unit: Unit, findings: readonly AuditFinding[], { pods }: Known): Found[] {
  const addresses = texts(unit.keys);
  const id = unit.pod === undefined ? undefined : pods.idOf(Number(unit.pod));
  const pod = id && podName(id);
  return findings
    .filter(({ address, pods: of = [], ...finding }) =>
      !FOUND[unit.of](finding)
        ? false
        : pod === undefined
          ? addresses.has(address)
          : of.some((each) => podName(each) === pod),
    )
    .map(({ id, kind }) => ({ id, kind }));
}
