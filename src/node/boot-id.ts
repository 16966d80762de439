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

let thisBoot = "";

function readLine(path: string): string {
  try {
    return fs.readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
