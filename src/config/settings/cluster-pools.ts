import { IpamError } from "../../ipam/errors.ts";

/** A pool as an object of the cluster's API (deploy/crds/pools.yaml). */
export interface PoolObject {
  readonly name: string;
  /** As the API server has it; not yet understood. */
  readonly spec: unknown;
  /** When the API server made it: of two that share addresses, the older one is in force. */
  readonly created: string;
}

/** What is known of the cluster's pools. Nobody changes it: other objects are another value of this. */
export interface ClusterPools {
  readonly objects: readonly PoolObject[];
  /**
   * Why they could not be read, so that there may be others; or "unread" for a verb that goes on without them. Absent:
   * these are all.
   */
  readonly missing?: IpamError | "unread";
}

/** For verbs that need no pool to be right. */
export const UNREAD_POOLS: ClusterPools = { objects: [], missing: "unread" };

/** The error of a network whose pool may be one of the cluster, which nobody could ask. */
export function unknownPool(name: string, missing: IpamError): IpamError {
  return new IpamError(
    missing.name,
    `whether the cluster has the pool '${name}' is not known: ${missing.message}`,
    missing.details,
  );
}
