import type { NodeFacts, PodFacts } from "../cluster-port.ts";
import { confirmedHere } from "../integrity/confirmed-here.ts";
import { readPast } from "../integrity/read-past.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import type { RecordKind } from "../records.ts";
import type { CallOptions, Damage, Entry, Store } from "../store-port.ts";
import { Tidier } from "../tidier.ts";
import { IS } from "./allocation-index.ts";
import { audit } from "./audit.ts";
import { HeldNetworks } from "./held-networks.ts";
import { relatedRecords } from "./related.ts";
import { spaceFinder } from "./scene.ts";
import { nameOf, SiftedAllocations } from "./sift-allocations.ts";
import { SiftedPods } from "./sift-pods.ts";
import { SiftedReservations } from "./sift-reservations.ts";
import type { Audit, AuditInput } from "./types.ts";

/** What an audit compares, where the records and the pods are read as it goes. */
export interface StreamedInput extends Omit<AuditInput, "records" | "live" | "known"> {
  readonly store: Pick<Store, "list" | "read">;
  /** Kubernetes' pods, and its nodes; absent where Kubernetes is not asked. Read after the records. */
  readonly live?: {
    pods(): AsyncIterable<PodFacts>;
    nodes(): AsyncIterable<NodeFacts>;
  };
  /** Hear how many records were read so far, and how many pods and nodes. */
  readonly onRecord?: (count: number) => void;
  readonly onPod?: (count: number) => void;
}

/** An audit, and what it was about: all that was not clear at the first look. */
export interface StreamedAudit extends Audit {
  readonly records: StoreRecords;
  readonly pods: readonly PodFacts[];
}

/**
 * The same audit as `audit` of all records and pods, without having them in memory: each is compared with a compact index
 * as it is read, and only what is not clear then is kept, with all that it speaks of. Costs some 130 bytes for each
 * allocation, 90 for each reservation, and a few kilobytes for each record that is not clear: of several holders, of this
 * node, or wrong.
 *
 * @throws StoreFailure; what the lists of pods and nodes throw.
 */
export async function auditStreamed(input: StreamedInput, options: CallOptions): Promise<StreamedAudit> {
  const { live, onPod, onRecord, store, ...witnesses } = input;
  const { clusterNames, here } = witnesses;
  const damaged: Damage[] = [];
  const past = { ...options, damaged: (damage: Damage) => void damaged.push(damage) };
  const reading = new Counted(store, past, onRecord);
  const networks = await Array.fromAsync(reading.list("network"));
  const reservedRanges = await Array.fromAsync(reading.list("reservedRanges"));

  const reservations = new SiftedReservations();
  const owners: Entry<"owner">[] = [];
  for await (const entry of reading.list("reservation")) reservations.add(entry);
  for await (const entry of reading.list("owner")) if (!reservations.match(entry)) owners.push(entry);

  const onlooker = {
    isLive: live !== undefined,
    ...(clusterNames && { clusterNames }),
    ...(here && { here: here.name }),
  };
  const allocations = new SiftedAllocations(onlooker);
  const { index } = allocations;
  const attachments: Entry<"attachment">[] = [];
  const heldNetworks = new HeldNetworks(networks);
  for await (const entry of reading.list("allocation")) allocations.add(entry);
  for await (const entry of reading.list("attachment")) {
    heldNetworks.add(entry);
    if (!allocations.match(entry)) attachments.push(entry);
  }

  // A damaged record that is read once more is told once.
  const quiet = { ...options, damaged: () => undefined };
  const unmatched = [...index.indexes()].filter((at) => !index.is(at, IS.matched | IS.kept));
  const keptAllocations = [...index.indexes()].flatMap((at) => index.record(at) ?? []);
  const compared = await relatedRecords(
    [...keptAllocations, ...attachments, ...owners],
    [...unmatched.map((at) => index.ref(at)), ...reservations.unmatched()],
    store,
    quiet,
  );

  const storeUuid = input.storeUuid ?? input.meta?.uuid;
  if (here !== undefined && storeUuid !== undefined)
    for (const { addresses } of confirmedHere(storeUuid, here))
      for (const at of addresses.flatMap((text) => index.at(text))) index.mark(at, IS.wanted);

  const held = heldNetworks.found();
  const pods = new SiftedPods(
    allocations,
    spaceFinder({ networks: input.networks ?? [], recorded: networks, held }),
  );
  const nodes = live && (await readLive(live, pods, onPod));
  const named = new Set(pods.kept.map(nameOf));
  const unclear = [...index.indexes()].filter(
    (at) =>
      index.is(at, IS.wanted) ||
      named.has(index.pod(at)) ||
      (index.is(at, IS.claimable) && !index.is(at, IS.claimed)),
  );
  await keepRecords(unclear, index, store, quiet);
  const looked = [...index.indexes()].flatMap((at) => index.record(at) ?? []);
  const records = { ...compared, networks, reservedRanges, allocations: looked, damaged: inOrder(damaged) };
  const found = audit({
    ...witnesses,
    records,
    ...(nodes && { live: { pods: pods.kept, nodes } }),
    known: { boots: allocations.boots, held, compared },
  });
  const rest = [...index.indexes()].filter(
    (at) => index.is(at, IS.unjudged) && index.record(at) === undefined,
  );
  return {
    ...found,
    judged: { allocations: index.size, pods: pods.count },
    unjudged: found.unjudged + rest.length,
    records,
    pods: pods.kept,
  };
}

/** By kind: whoever reads them one kind after the other meets them so. */
function inOrder(damaged: readonly Damage[]): Damage[] {
  return damaged.toSorted((a, b) => KINDS.indexOf(a.ref.kind) - KINDS.indexOf(b.ref.kind));
}

const KINDS: readonly RecordKind[] = [
  "network",
  "reservedRanges",
  "owner",
  "reservation",
  "allocation",
  "attachment",
];

async function readLive(
  live: NonNullable<StreamedInput["live"]>,
  pods: SiftedPods,
  onPod: StreamedInput["onPod"],
): Promise<NodeFacts[]> {
  const tidier = new Tidier();
  for await (const pod of live.pods()) {
    pods.add(pod);
    tidier.next();
    onPod?.(pods.count);
  }
  await pods.addAgain(() => live.pods());
  const nodes: NodeFacts[] = [];
  for await (const node of live.nodes()) {
    nodes.push(node);
    onPod?.(pods.count + nodes.length);
  }
  return nodes;
}

async function keepRecords(
  unclear: readonly number[],
  index: SiftedAllocations["index"],
  store: Pick<Store, "read">,
  options: CallOptions & { readonly damaged: () => void },
): Promise<void> {
  const missing = unclear.filter((at) => index.record(at) === undefined);
  const found = await readPast(
    missing.map((at) => index.ref(at)),
    store,
    options,
  );
  missing.forEach((at, position) => {
    const versioned = found[position];
    if (versioned !== undefined) index.keep(at, versioned.record, versioned.revision);
  });
}

/** The store's listings, of which each record counts. */
class Counted {
  #count = 0;
  readonly #tidier = new Tidier();

  constructor(
    private readonly store: Pick<Store, "list">,
    private readonly options: Parameters<Store["list"]>[1],
    private readonly onRecord: ((count: number) => void) | undefined,
  ) {}

  async *list<K extends RecordKind>(kind: K): AsyncGenerator<Entry<K>> {
    for await (const entry of this.store.list<K>({ kind } as never, this.options)) {
      this.onRecord?.(++this.#count);
      this.#tidier.next();
      yield entry;
    }
  }
}
