import { IpamError } from "../errors.ts";
import { RECORD_VERSION } from "../records.ts";

/** A record that a newer program wrote is never rewritten or freed by this one (docs/design.md section 6). */
export function refuseNewer(version: number, what: string): void {
  if (version <= RECORD_VERSION) return;
  throw new IpamError(
    "storeCannotWrite",
    `${what} was written by a newer kube-ipam (record version ${version}, this program knows ${RECORD_VERSION})`,
    "upgrade kube-ipam on this node",
  );
}
