import fs from "node:fs";
import { CAPS } from "../address/caps.ts";
import { isDnsSubdomain } from "../address/dns-name.ts";
import { IpamError } from "../ipam/errors.ts";

/** What Kubernetes can call a Node: a DNS subdomain (RFC 1123). */
export const NODE_NAME_RULE =
  "lower case letters, digits, '-' and '.', each part beginning and ending with a letter or digit, at most 253";

/**
 * This node's name: as configured, else $NODE_NAME, else the host name as kubelet registers it: in lower
 * case. A host name that no Node can have, as of a single machine without Kubernetes, becomes one that it can
 * (docs/design.md section 7, `nodeName`).
 *
 * @throws IpamError invalidConfig when the node has no name.
 */
export function readNodeName(configured: string | undefined): string {
  const given = givenName(configured);
  if (given !== undefined) return given.name;
  const name = asNodeName(hostName());
  if (name !== "") return name;
  throw new IpamError(
    "invalidConfig",
    "this node has no name",
    "set 'nodeName', $NODE_NAME or the host name",
  );
}

/** The host name in lower case, where older programs took it for the node's name as it was. */
export function olderNodeName(configured: string | undefined): string | undefined {
  return givenName(configured) === undefined && !isNodeName(hostName()) ? hostName() : undefined;
}

/** Why the name that somebody gave this node cannot be that of a Node; undefined where it can. */
export function nodeNameFault(configured: string | undefined): IpamError | undefined {
  const given = givenName(configured);
  if (given === undefined || isNodeName(given.name)) return undefined;
  const { name, key } = given;
  const near = asNodeName(name);
  return new IpamError(
    "invalidConfig",
    `${key} is '${name}', which Kubernetes can call no Node`,
    `a Node's name has ${NODE_NAME_RULE}: set ${key} to what 'kubectl get nodes' calls this node` +
      (near === "" || name === "NODE_NAME" ? "" : `, perhaps '${near}'`),
  );
}

/** Whether Kubernetes can call a Node so. */
export function isNodeName(name: string): boolean {
  return isDnsSubdomain(name);
}

function givenName(configured: string | undefined): { name: string; key: string } | undefined {
  if (configured !== undefined && configured !== "") return { name: configured, key: "nodeName" };
  const { NODE_NAME: name } = process.env;
  return name === undefined || name === "" ? undefined : { name, key: "$NODE_NAME" };
}

/** Puts '-' for what a Node's name cannot have. A Node's name stays as it is. */
function asNodeName(name: string): string {
  return name
    .toLowerCase()
    .split(".")
    .map((part) => part.replace(/[^a-z0-9]+/g, (other) => (/^-+$/.test(other) ? other : "-")))
    .map((part) => part.replace(/^-+|-+$/g, ""))
    .filter((part) => part !== "")
    .join(".")
    .slice(0, CAPS.objectName)
    .replace(/[-.]+$/, "");
}

/** "" where the kernel has none. */
function hostName(): string {
  try {
    const name = fs.readFileSync("/proc/sys/kernel/hostname", "utf8").trim().toLowerCase();
    return name === "(none)" ? "" : name;
  } catch {
    return "";
  }
}
