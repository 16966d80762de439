import {
  type NodeConfiguration,
  type PoolInSpace,
  parseNodeConfiguration,
} from "../../config/parse/parse-node-configuration.ts";
import type { ClusterPools } from "../../config/settings/cluster-pools.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import { type IpamError, inFull } from "../../ipam/errors.ts";
import type { Seen } from "../../ipam/inventory-port.ts";
import type { Log } from "../../ipam/ports.ts";
import type { Api } from "../../kubernetes/api/api.ts";
import type { PoolOfApi } from "../../kubernetes/api/shapes.ts";
import { FollowedPools } from "../../kubernetes/objects/followed-pools.ts";
import { FailureLog } from "./failure-log.ts";

/** The pools of the configuration and of the cluster, as every replica knows them. */
export class ControllerPools {
  readonly #file: NodeFileText;
  readonly #log: Log;
  readonly #failures: FailureLog;
  readonly #followed: FollowedPools;
  #configuration: Pick<NodeConfiguration, "pools" | "poolFaults">;
  #told: readonly string[] = [];
  #changed: () => void = () => undefined;

  /** @param file the controller's configuration; its pools are in force whatever the cluster has. */
  constructor(file: NodeFileText, log: Log) {
    this.#file = file;
    this.#log = log;
    this.#failures = new FailureLog(log, "cannot follow the cluster's pools");
    this.#configuration = parseNodeConfiguration(file);
    this.#followed = new FollowedPools({
      changed: (known) => this.#take(known),
      failed: (failure) => this.#failures.failed(failure),
    });
  }

  /** Those in force, as far as they are known; the same list until they change. */
  get inForce(): readonly PoolInSpace[] {
    return this.#configuration.pools;
  }

  /** The same. @throws IpamError why the cluster's could not be read yet: there may be others. */
  get all(): readonly PoolInSpace[] {
    const { missing } = this.#followed.known;
    if (missing !== undefined && missing !== "unread") throw missing satisfies IpamError;
    return this.#configuration.pools;
  }

  /** Why objects of the cluster are not in force, by name. */
  get faults(): NodeConfiguration["poolFaults"] {
    return this.#configuration.poolFaults;
  }

  /** The cluster's, with their status. */
  get objects(): ReadonlyMap<string, PoolOfApi> {
    return this.#followed.objects;
  }

  /** `changed` is called when the pools have changed; not for their status. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** Follows the cluster's until `signal` aborts. */
  follow(api: Api, signal: AbortSignal): Promise<void> {
    return this.#followed.run(api, signal);
  }

  /** What the watch tells. */
  see(seen: Seen<PoolOfApi>): void {
    this.#followed.see(seen);
  }

  #take(clusterPools: ClusterPools): void {
    this.#failures.succeeded();
    this.#configuration = parseNodeConfiguration({ ...this.#file, clusterPools });
    const faults = [...this.faults.values()].map(({ error }) => inFull(error));
    for (const fault of faults) if (!this.#told.includes(fault)) this.#log("warn", fault);
    this.#told = faults;
    this.#changed();
  }
}
