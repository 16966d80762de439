import { IpamError } from "../errors.ts";
import { RECORD_VERSION } from "../records.ts";

/**
 * Refuses to rewrite or free a record that a newer program wrote (docs/design.md section 6).
 *
 * @throws IpamError storeCannotWrite.
 */
export function refuseNewer(version: number, what: string): void {
  if (version <= RECORD_VERSION) return;
  throw new IpamError(
    "storeCannotWrite",
    `${what} was written by a newer kube-ipam (record version ${version}, this program knows ${RECORD_VERSION})`,
    "upgrade kube-ipam on this node",
  );
}
