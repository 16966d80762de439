import fs from "node:fs";
import { IpamError } from "../ipam/errors.ts";

/**
 * The ID of this boot, from the kernel. $KUBE_IPAM_BOOT_ID replaces it, for simulated nodes that share one
 * kernel: another ID looks like a reboot, and makes this node free what it holds. Only root can set a
 * runtime's environment.
 *
 * @throws IpamError io when /proc does not show it.
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
    "mount /proc where kube-ipam runs; only the boot ID tells records of this boot from older ones",
  );
}

/**
 * This node's name: as configured, else $NODE_NAME, else the host name in lower case, which is
 * what kubelet registers by default (docs/design.md section 7, `nodeName`).
 *
 * @throws IpamError invalidConfig when the node has no name.
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
