import { formatAddress, tryParseAddress } from "../../address/address.ts";
import type { PodFacts } from "../cluster-port.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import type { ClusterPorts } from "../ports.ts";
import { Queue } from "../queue.ts";
import type { PodId, RecordKind, Ref, RefOf } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Entry } from "../store-port.ts";
import { type AddressKey, addressKey, addressOf } from "./address-key.ts";
import { podHash } from "./allocation-index.ts";
import type { PodIndex } from "./pod-index.ts";
import type { StoreIndex } from "./store-index.ts";

/** References of one read: every store answers so many. */
const REFS = 128;
/** Requests to the API server at once. */
const REQUESTS = 8;

/** Reads live what an audit of some suspects compares. */
export class Gatherer {
  readonly #store: StoreIndex;
  readonly #pods: PodIndex;
  readonly #ports: ClusterPorts;
  readonly #options: CallOptions;

  constructor(store: StoreIndex, pods: PodIndex, ports: ClusterPorts, options: CallOptions) {
    this.#store = store;
    this.#pods = pods;
    this.#ports = ports;
    this.#options = options;
  }

  /**
   * The records of these addresses: allocations and reservations, the attachments of their holders, the records of
   * their owners, and `further` ones. A record that cannot be read is left out, as the index knows.
   */
  async records(
    keys: Iterable<AddressKey>,
    further: {
      readonly attachments?: readonly Entry<"attachment">[];
      readonly owners?: readonly RefOf<"owner">[];
    } = {},
  ): Promise<StoreRecords> {
    const refs = [...new Set(keys)].flatMap((key) => this.#refsOf(key));
    const found = await this.#read(refs);
    const allocations = ofKind(found, "allocation");
    const reservations = ofKind(found, "reservation");
    const holders = allocations.flatMap(({ record }) => record.holders);
    const owners = [
      ...(further.owners ?? []),
      ...reservations.map(({ ref, record }) => refTo.owner(ref.space, record.owner)),
    ];
    const second = await this.#read([
      ...holders.map(({ attachment, node }) => refTo.attachment(node, attachment)),
      ...owners,
    ]);
    const { damaged, networks, reservedRanges } = this.#store;
    return {
      allocations,
      reservations,
      attachments: once([...ofKind(second, "attachment"), ...(further.attachments ?? [])]),
      owners: ofKind(second, "owner"),
      networks: [...networks.values()],
      reservedRanges: [...reservedRanges.values()],
      damaged: [...damaged.values()],
    };
  }

  /** The pods of these names as they are now; those that the index does not know are gone. @throws IpamError */
  async pods(ids: Iterable<PodId>): Promise<PodFacts[]> {
    const wanted = new Map([...ids].map((id) => [`${id.namespace}/${id.name}`, id]));
    const known = [...wanted.values()].filter((id) => this.#pods.get(podHash(id)) !== undefined);
    const { cluster } = this.#ports;
    const requests = new Queue({ limit: REQUESTS });
    const get = (id: PodId) => requests.run(() => cluster.pod(id, this.#options.deadline));
    const read = await Promise.all(known.map(get));
    return read.filter((pod) => pod !== undefined);
  }

  /** In each space that knows anything of the address. */
  #refsOf(key: AddressKey): Ref[] {
    const address = addressOf(key);
    const { allocations, reservations } = this.#store;
    return this.#store
      .spaces()
      .flatMap((space): Ref[] => [
        ...(allocations.in(space).has(key) ? [refTo.allocation(space, address)] : []),
        ...(reservations.in(space).has(key) ? [refTo.reservation(space, address)] : []),
      ]);
  }

  async #read(refs: readonly Ref[]): Promise<Entry<RecordKind>[]> {
    const wanted = once(refs.map((ref) => ({ ref }))).filter(
      ({ ref }) => !this.#store.damaged.has(refKey(ref)),
    );
    const found: Entry<RecordKind>[] = [];
    for (let from = 0; from < wanted.length; from += REFS) {
      const part = wanted.slice(from, from + REFS).map(({ ref }) => ref);
      const snapshot = await this.#ports.store.read({ refs: part }, this.#options);
      for (const ref of part) {
        const versioned = snapshot.get(ref);
        if (versioned !== undefined) found.push({ ref, ...versioned } as Entry<RecordKind>);
      }
    }
    return found;
  }
}

/** The addresses that a record lists. */
export function keysOf(addresses: readonly string[]): AddressKey[] {
  return addresses.flatMap((text) => {
    const address = tryParseAddress(text);
    return address === undefined ? [] : [addressKey(address)];
  });
}

/** As a finding names it. */
export function texts(keys: Iterable<AddressKey>): Set<string> {
  return new Set([...keys].map((key) => formatAddress(addressOf(key))));
}

function ofKind<K extends RecordKind>(entries: readonly Entry<RecordKind>[], kind: K): Entry<K>[] {
  return entries.filter(({ ref }) => ref.kind === kind) as unknown as Entry<K>[];
}

function once<T extends { readonly ref: Ref }>(entries: readonly T[]): T[] {
  return [...new Map(entries.map((entry) => [refKey(entry.ref), entry])).values()];
}
