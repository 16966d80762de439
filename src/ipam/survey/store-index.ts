import { type Address, parseAddress } from "../../address/address.ts";
import { type Cidr, cidrInterval, parseCidr } from "../../address/cidr.ts";
import { type Pool, poolOf } from "../../address/pool.ts";
import { heldNetworks } from "../audit/held-networks.ts";
import type { SpacedNetwork } from "../audit/types.ts";
import { BoundedMap } from "../bounded-map.ts";
import type { ClusterNames } from "../cluster-names.ts";
import { definitionsOf, subnetsOf } from "../network-definitions.ts";
import type { RecordKind, RecordTypes, Ref, RefOf } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { intervalOf } from "../reserve/reserved-ranges.ts";
import { type AnyChange, type Damage, type Entry, StoreFailure } from "../store-port.ts";
import { type AddressKey, addressKey, addressOf } from "./address-key.ts";
import { AllocationIndex, attachmentHash } from "./allocation-index.ts";
import { BootIndex } from "./boot-index.ts";
import { ReservationIndex } from "./reservation-index.ts";
import { UnexplainedNetworks } from "./unexplained-networks.ts";

/** The kinds of record that the index has, in the order in which they are listed: what gauges need comes first. */
export const INDEXED = [
  "network",
  "reservedRanges",
  "cooling",
  "reservation",
  "allocation",
  "owner",
  "attachment",
] as const satisfies readonly RecordKind[];
export type IndexedKind = (typeof INDEXED)[number];

/**
 * What the store holds, in short: enough to count it and to tell what must be looked at. A hint that may be stale, as
 * everything that a watch tells: whoever changes something reads it live, and guards it.
 */
export class StoreIndex {
  readonly allocations: AllocationIndex;
  readonly reservations: ReservationIndex;
  readonly boots: BootIndex;
  readonly cooling = new Map<string, Set<AddressKey>>();
  readonly networks = new Map<string, Entry<"network">>();
  readonly reservedRanges = new Map<string, Entry<"reservedRanges">>();
  readonly damaged = new Map<string, Damage>();
  /** Networks of attachments that no network's record explains. */
  readonly #held = new UnexplainedNetworks();
  /** All addresses of networks, and those of each network's name in each space; made when they are asked for. */
  #pools: Pools | undefined;
  #poolsOf = noPools();
  #changes = 0;
  #frame = 0;

  constructor(names?: ClusterNames) {
    this.allocations = new AllocationIndex(names);
    this.reservations = new ReservationIndex(names);
    this.boots = new BootIndex(names);
  }

  /** Grows with each change. */
  get changes(): number {
    return this.#changes;
  }

  /** All address spaces of which anything is there. */
  spaces(): string[] {
    const { allocations, reservations } = this;
    const of = [allocations.spaces(), reservations.spaces(), this.cooling, this.reservedRanges];
    return [...new Set(of.flatMap((spaces) => [...spaces.keys()]))];
  }

  /** Grows with each change of what judges everything else: networks, reserved ranges, damage. */
  get frame(): number {
    return this.#frame;
  }

  heldNetworks(): readonly SpacedNetwork[] {
    return this.#held.all();
  }

  /** Whether any network may have given out the address. */
  isOfNetwork(key: AddressKey): boolean {
    this.#pools ??= this.#poolsOfNetworks();
    return isIn(this.#pools, addressOf(key));
  }

  /** A record that was listed. */
  put<K extends IndexedKind>({ ref, record, revision }: Entry<K>): void {
    this.#tryToTake(ref, record, revision);
  }

  change({ ref, record, revision }: AnyChange<IndexedKind>): void {
    this.#tryToTake(ref, record, revision);
  }

  /** A record that cannot be read: it counts as taken, and says nothing else. */
  damage(damage: Damage): void {
    this.#take(damage.ref, undefined, 0);
    this.damaged.set(refKey(damage.ref), damage);
    this.#frame++;
  }

  /** What a newer program wrote, or nobody of ours, may be anything: it ends its own place in the index, and no more. */
  #tryToTake(ref: Ref, record: RecordTypes[RecordKind] | undefined, revision: number): void {
    try {
      this.#take(ref, record, revision);
    } catch (failure) {
      this.damage({ ref, failure: notUnderstood(ref, failure) });
    }
  }

  #take(ref: Ref, record: RecordTypes[RecordKind] | undefined, revision: number): void {
    this.#changes++;
    if (this.damaged.size > 0 && this.damaged.delete(refKey(ref))) this.#frame++;
    if (ref.kind === "network" || ref.kind === "reservedRanges") this.#frame++;
    const of = <K extends IndexedKind>() => record as RecordTypes[K] | undefined;
    switch (ref.kind) {
      case "allocation":
        this.allocations.take(ref, of<"allocation">());
        break;
      case "reservation":
        this.reservations.take(ref, of<"reservation">());
        break;
      case "owner":
        this.reservations.takeOwner(ref, of<"owner">());
        break;
      case "cooling":
        this.#takeCooling(ref, record !== undefined);
        break;
      case "attachment":
        this.#takeAttachment(ref, of<"attachment">(), revision);
        break;
      case "network":
        this.#takeNetwork(ref, of<"network">(), revision);
        break;
      case "reservedRanges":
        of<"reservedRanges">()?.ranges.forEach(intervalOf);
        setOrDelete(this.reservedRanges, ref.space, entryOf(ref, of<"reservedRanges">(), revision));
        break;
    }
  }

  #takeAttachment(
    ref: RefOf<"attachment">,
    record: RecordTypes["attachment"] | undefined,
    revision: number,
  ): void {
    this.allocations.takeAttachment(ref, record);
    if (record === undefined) this.boots.remove(ref);
    else this.boots.put(ref, record);
    const held = record === undefined ? [] : this.#unexplained({ ref, record, revision });
    if (this.#held.set(attachmentHash(ref.node, ref.id), held)) this.#pools = undefined;
  }

  #unexplained(entry: Entry<"attachment">): readonly SpacedNetwork[] {
    const { ref, record } = entry;
    const isExplained = (text: string) => this.#isExplained(ref.id.network, record.space, text);
    if (record.addresses.every(isExplained)) return [];
    return heldNetworks({ attachments: [entry], networks: [...this.networks.values()] });
  }

  #takeNetwork(ref: RefOf<"network">, record: RecordTypes["network"] | undefined, revision: number): void {
    if (record !== undefined) subnetsOf(definitionsOf(record)).forEach(parseCidr);
    this.#pools = undefined;
    this.#poolsOf = noPools();
    setOrDelete(this.networks, ref.name, entryOf(ref, record, revision));
  }

  #takeCooling({ address, space }: RefOf<"cooling">, present: boolean): void {
    const keys = this.cooling.get(space) ?? new Set<AddressKey>();
    if (present) keys.add(addressKey(address));
    else keys.delete(addressKey(address));
    if (keys.size === 0) this.cooling.delete(space);
    else this.cooling.set(space, keys);
  }

  #isExplained(name: string, space: string, text: string): boolean {
    const key = JSON.stringify([name, space]);
    const pools = this.#poolsOf.get(key) ?? this.#poolsOfName(name, space);
    this.#poolsOf.set(key, pools);
    return isIn(pools, parseAddress(text));
  }

  #poolsOfName(name: string, space: string): Pools {
    const record = this.networks.get(name)?.record;
    const definitions = record === undefined ? [] : definitionsOf(record);
    return poolsOf(subnetsOf(definitions.filter((each) => each.space === space)).map(parseCidr));
  }

  #poolsOfNetworks(): Pools {
    const recorded = [...this.networks.values()].flatMap(({ record }) =>
      subnetsOf(definitionsOf(record)).map(parseCidr),
    );
    const held = this.#held.all().flatMap(({ subnets }) => subnets);
    return poolsOf([...recorded, ...held]);
  }
}

type Pools = Readonly<Record<4 | 6, Pool>>;

/** What is forgotten is made again. */
function noPools(): BoundedMap<string, Pools> {
  return new BoundedMap(4_096);
}

function poolsOf(subnets: readonly Cidr[]): Pools {
  const intervals = subnets.map(cidrInterval);
  const of = (family: 4 | 6) => poolOf(intervals.filter(({ first }) => first.family === family));
  return { 4: of(4), 6: of(6) };
}

function isIn(pools: Pools, address: Address): boolean {
  return pools[address.family].positionOf(address) !== undefined;
}

function notUnderstood(ref: Ref, failure: unknown): StoreFailure {
  const message = `the record ${refKey(ref)} cannot be used: ${String(failure)}`;
  return new StoreFailure(
    "damaged",
    message,
    "a newer kube-ipam may have written it; else repair or delete it",
  );
}

function setOrDelete<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function entryOf<K extends IndexedKind>(
  ref: RefOf<K>,
  record: RecordTypes[K] | undefined,
  revision: number,
): Entry<K> | undefined {
  return record && { ref, record, revision };
}
