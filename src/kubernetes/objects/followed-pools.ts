import type { ClusterPools } from "../../config/settings/cluster-pools.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Seen } from "../../ipam/inventory-port.ts";
import type { Api } from "../api/api.ts";
import { followObjects } from "../api/follow-objects.ts";
import { POOLS } from "../api/kinds.ts";
import { NoSuchKind } from "../api/refused.ts";
import type { PoolOfApi } from "../api/shapes.ts";
import { poolOf } from "./pool-objects.ts";

const UNREAD = new IpamError("tryAgain", "the cluster's pools were not read yet", "try again");

/**
 * So often in a row the API server says that there is no such kind before pools that are known are forgotten: some
 * quarter of a minute. One that has just started, or of several the last to hear of a definition, may say so for a moment.
 */
const ABSENCES = 5;

/** Told of each change. */
interface Hearers {
  /** The pools that are known have changed: not their status. */
  readonly changed: (known: ClusterPools) => void;
  /** Why they cannot be read just now; the last known ones stay. */
  readonly failed: (failure: unknown) => void;
}

/**
 * The cluster's pools, kept by one watch. What was known last stays when the API server does not answer. People write
 * these objects, and the leading controller their status, each seldom: this is no watch of what nodes write (FLAT).
 */
export class FollowedPools {
  readonly #hearers: Hearers;
  readonly #objects = new Map<string, PoolOfApi>();
  /** Those that a list under way has not shown yet. */
  readonly #unseen = new Set<string>();
  #listing = false;
  #known: ClusterPools;
  #stale = true;
  #absences = 0;

  /** @param before what an earlier process knew. */
  constructor(hearers: Hearers, before: ClusterPools = { objects: [] }) {
    this.#hearers = hearers;
    this.#known = { ...before, missing: before.missing ?? UNREAD };
  }

  get known(): ClusterPools {
    return this.#known;
  }

  /** As the API has them, with their status; by name. */
  get objects(): ReadonlyMap<string, PoolOfApi> {
    return this.#objects;
  }

  /** Follows until `signal` aborts, or after a failure where `isOver` says so: the client may be of no use any more. */
  async run(api: Api, signal: AbortSignal, isOver: () => boolean = () => false): Promise<void> {
    const over = new AbortController();
    const failed = (failure: unknown) => {
      this.fail(failure);
      if (isOver()) over.abort();
    };
    const options = { signal: AbortSignal.any([signal, over.signal]), failed };
    for await (const seen of followObjects(api, POOLS, options)) this.see(seen);
  }

  see(seen: Seen<PoolOfApi>): void {
    if (seen.kind === "listing") {
      this.#listing = true;
      this.#unseen.clear();
      for (const name of this.#objects.keys()) this.#unseen.add(name);
    } else if (seen.kind === "listed") {
      for (const name of this.#unseen) this.#remove(name);
      this.#listing = false;
      this.#absences = 0;
      if (this.#stale || this.#known.missing !== undefined) this.#tell();
    } else {
      const { metadata } = seen.object;
      if (seen.kind === "gone") this.#remove(metadata.name);
      else this.#put(seen.object);
      if (this.#stale && !this.#listing) this.#tell();
    }
  }

  #put(object: PoolOfApi): void {
    const { name, generation, uid } = object.metadata;
    const before = this.#objects.get(name)?.metadata;
    this.#unseen.delete(name);
    this.#objects.set(name, object);
    if (before?.uid !== uid || before.generation !== generation) this.#stale = true;
  }

  #remove(name: string): void {
    if (this.#objects.delete(name)) this.#stale = true;
  }

  #tell(): void {
    this.#stale = false;
    this.#known = { objects: [...this.#objects.values()].map(poolOf) };
    this.#hearers.changed(this.#known);
  }

  /** Why they cannot be read now. */
  fail(failure: unknown): void {
    if (failure instanceof NoSuchKind) {
      // A cluster without the custom resource has none.
      this.#absences += 1;
      if (this.#known.objects.length > 0 && this.#absences < ABSENCES) return;
      this.#objects.clear();
      if (this.#known.objects.length > 0 || this.#known.missing !== undefined) this.#tell();
      return;
    }
    if (this.#known.missing !== undefined && failure instanceof IpamError)
      this.#known = { ...this.#known, missing: failure };
    this.#hearers.failed(failure);
  }
}
