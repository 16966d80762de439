import type { RequestedIp } from "../../config/network-configuration.ts";
import type { Network } from "../../ipam/network.ts";
import type { AnnotationSource } from "../../ipam/wish/wish-of-pod.ts";

/** A network, and from where it is known. */
export interface KnownNetwork {
  readonly network: Network;
  readonly kubernetes: AnnotationSource;
  readonly requested: readonly RequestedIp[];
  /** For people. */
  readonly knownBy: string;
}
