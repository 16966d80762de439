import fs from "node:fs";
import { IpamError } from "../ipam/errors.ts";

/**
 * The ID of this boot, as the kernel gives it. $KUBE_IPAM_BOOT_ID replaces it, for simulated nodes
 * that share one kernel: only root sets a runtime's environment, and who pretends a reboot there
 * makes this node free what it holds.
 *
 * @throws IpamError io when the kernel does not tell.
 */
export function readBootId(): string {
  const given = process.env.KUBE_IPAM_BOOT_ID;
  if (given !== undefined && given !== "") return given;
  // It stays the same for as long as this process can live.
  thisBoot ||= readLine("/proc/sys/kernel/random/boot_id");
  if (thisBoot !== "") return thisBoot;
  throw new IpamError(
    "io",
    "cannot read this boot's ID from '/proc/sys/kernel/random/boot_id'",
    "mount /proc where kube-ipam runs; without the ID nothing could be told from before a reboot",
  );
}

/**
 * This node's name: as configured, else $NODE_NAME, else the host name in lower case, which is
 * what kubelet registers by default (docs/design.md section 7, `nodeName`).
 *
 * @throws IpamError invalidConfig when there is none.
 */
export function readNodeName(configured: string | undefined): string {
  const name = configured ?? process.env.NODE_NAME ?? "";
  if (name !== "") return name;
  const hostName = readLine("/proc/sys/kernel/hostname").toLowerCase();
  if (hostName !== "" && hostName !== "(none)") return hostName;
  throw new IpamError(
    "invalidConfig",
    "this node has no name",
    "set 'nodeName', $NODE_NAME or the host name",
  );
}

let thisBoot = "";

function readLine(path: string): string {
  try {
    return fs.readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
