import type { Address } from "../address/address.ts";
import type { Share } from "../ipam/reserve/share.ts";

/** What limits changes to one Kubernetes namespace of this cluster: everything else counts as absent. */
export interface Limit {
  readonly namespace: string;
  /**
   * What counts an address that the namespace reserves; asked before anything is read of the address, so that the
   * refusal tells nothing of who has it.
   *
   * @throws IpamError addressNotAllowed where none of the namespace's pods may name it; StoreFailure.
   */
  judge(address: Address, space: string): Promise<Share>;
}
