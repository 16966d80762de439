import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { PodId } from "../../ipam/records.ts";
import type { RequestedIp } from "../network-configuration.ts";
import { bareKey } from "../text/fold-key.ts";
import { tryParseIp, withoutRepeats } from "./ip-list.ts";

/** What the variable CNI_ARGS says. */
export interface CniArgs {
  /** The pod, where the arguments name one; old runtimes omit the UID. */
  readonly pod?: PodId;
  /** From `IP=`, a comma list as Multus sends it. */
  readonly ips: readonly RequestedIp[];
}

const KNOWN = new Set([
  "IgnoreUnknown",
  "IP",
  "K8S_POD_NAMESPACE",
  "K8S_POD_NAME",
  "K8S_POD_UID",
  "K8S_POD_INFRA_CONTAINER_ID",
]);

/** Keys as they must be, by what is left of a spelling without case, blanks and separators. */
const RIGHT = new Map([["ips", "IP"], ...[...KNOWN].map((key) => [bareKey(key), key] as const)]);

/**
 * Reads `KEY=VALUE;KEY=VALUE` as the CNI library's LoadArgs does (pkg/types/args.go), but splits a
 * pair at its first `=` and skips empty pairs. Keys are case sensitive; the last of two equal ones counts.
 *
 * @param purpose a CHECK has no wish, and so minds no other spelling of one.
 * @throws IpamError invalidEnvironment for a pair without `=`, an unknown key where IgnoreUnknown
 * does not say so, a known one in another spelling (it asks for an address, or names a pod that does), a
 * malformed value, and a pod that is named by half.
 */
export function parseCniArgs(text: string, purpose: "add" | "check" = "add"): CniArgs {
  requireAtMost(CAPS.cniArgs, text.length, "it has", "characters");
  const values = new Map(splitPairs(text));
  const unknown = [...values.keys()].filter((key) => !KNOWN.has(key));
  if (!ignoresUnknown(values.get("IgnoreUnknown")) && unknown.length > 0) {
    throw invalid(
      `unknown keys ${cut(unknown.join(", "), CAPS.shownValue)}`,
      `known are ${[...KNOWN].join(", ")}; set IgnoreUnknown=1 to ignore others`,
    );
  }
  if (purpose === "add") requireSpelling(unknown.filter((key) => values.get(key) !== ""));
  const pod = podOf(values, purpose);
  return { ips: readIps(values.get("IP") ?? ""), ...(pod && { pod }) };
}

function splitPairs(text: string): [string, string][] {
  return text
    .split(";")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const at = pair.indexOf("=");
      if (at === -1) throw invalid(`'${cut(pair, CAPS.shownValue)}' has no '='`, "write KEY=VALUE;KEY=VALUE");
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
}

function requireSpelling(unknown: readonly string[]): void {
  for (const key of unknown) {
    const right = RIGHT.get(bareKey(key));
    if (right !== undefined)
      throw invalid(
        `'${cut(key, CAPS.shownValue)}' is not known: did you mean ${right}?`,
        "correct or remove it; keys are case sensitive",
      );
  }
}

/** The spellings that the CNI library's UnmarshallableBool takes. */
function ignoresUnknown(text = "0"): boolean {
  if (/^(?:1|true)$/i.test(text)) return true;
  if (/^(?:0|false)$/i.test(text)) return false;
  throw invalid(`IgnoreUnknown is '${cut(text, CAPS.shownValue)}'`, "use 1, true, 0 or false");
}

function readIps(list: string): RequestedIp[] {
  if (list.trim() === "") return [];
  const parts = list.split(",");
  requireAtMost(CAPS.listParts, parts.length, "IP has", "addresses");
  const ips = parts.map((text): RequestedIp => {
    const ip = tryParseIp(text.trim());
    if (ip === undefined)
      throw invalid(
        `IP is '${cut(list, CAPS.shownValue)}'`,
        `'${cut(text, CAPS.shownValue)}' is not an IP address, as in IP=10.1.2.3,2001:db8::3`,
      );
    return { ...ip, source: "CNI_ARGS IP" };
  });
  return withoutRepeats(ips);
}

/** FAIL-CLOSED: what half a name leaves unread is not "no pod", for that pod may want an address. */
function podOf(values: ReadonlyMap<string, string>, purpose: "add" | "check"): PodId | undefined {
  const namespace = values.get("K8S_POD_NAMESPACE");
  const name = values.get("K8S_POD_NAME");
  const uid = values.get("K8S_POD_UID");
  // No ADD has recorded a longer one, and Kubernetes has none.
  if (purpose === "add") {
    requireAtMost(CAPS.namespace, namespace?.length ?? 0, "K8S_POD_NAMESPACE has", "characters");
    requireAtMost(CAPS.objectName, name?.length ?? 0, "K8S_POD_NAME has", "characters");
    requireAtMost(CAPS.uid, uid?.length ?? 0, "K8S_POD_UID has", "characters");
  }
  if (namespace && name) return { namespace, name, ...(uid && { uid }) };
  // podman gives a container's name as K8S_POD_NAME, and nothing else.
  const isPod = [namespace, uid, values.get("K8S_POD_INFRA_CONTAINER_ID")].some(Boolean);
  if (!isPod) return undefined;
  const missing = [namespace ? [] : "K8S_POD_NAMESPACE", name ? [] : "K8S_POD_NAME"].flat();
  throw invalid(
    `they name a pod without ${missing.join(" and ")}`,
    "the runtime must pass both, or no K8S_* argument for a container that is not a pod",
  );
}

function requireAtMost(most: number, count: number, subject: string, what: string): void {
  if (count <= most) return;
  throw invalid(
    `${subject} ${count} ${what}, more than ${most}`,
    "no runtime passes as much: see what calls the plugin",
  );
}

function invalid(problem: string, remedy: string): IpamError {
  return new IpamError("invalidEnvironment", `CNI_ARGS cannot be read: ${problem}`, remedy);
}
