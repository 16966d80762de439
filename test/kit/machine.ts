import { readFileSync } from "node:fs";
import { uniqueName } from "./namespaces.ts";

/** Why links of this type cannot be made here; undefined where the kernel can. */
export function withoutLinkType(type: string): string | undefined {
  const [namespace, link] = [uniqueName("p"), uniqueName("l")];
  const vlan = type === "vlan" ? ["id", "7"] : [];
  try {
    quiet("ip", "netns", "add", namespace);
    const made = quiet(
      "ip",
      "-n",
      namespace,
      "link",
      "add",
      "link",
      "lo",
      "name",
      link,
      "type",
      type,
      ...vlan,
    );
    return made.includes("Unknown device type") ? `this kernel has no ${type} links` : undefined;
  } finally {
    quiet("ip", "netns", "del", namespace);
  }
}

/**
 * Why what only the machine's own root may do cannot run here. In CI it must run, so nothing is
 * ever missing there: the test fails instead.
 */
export function withoutRealRoot(): string | undefined {
  if (process.env.CI === "true") return undefined;
  if (process.getuid?.() !== 0) return "needs root";
  const [, , size] = readFileSync("/proc/self/uid_map", "utf8").trim().split(/\s+/);
  return size === "4294967295" ? undefined : "needs the machine's root, not a user namespace's";
}

function quiet(...command: string[]): string {
  return Bun.spawnSync(command, { stdout: "ignore", stderr: "pipe" }).stderr.toString();
}
