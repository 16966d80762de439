import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { containerIdFault } from "../../config/text/cni-name.ts";
import { interfaceNameFault } from "../../config/text/interface-name.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Verb } from "./versions.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the runtime says in the environment (CNI specification, section 2, "Parameters"). */
export interface Parameters {
  readonly container: string;
  readonly netns: string;
  readonly ifname: string;
  /** CNI_ARGS, unparsed. */
  readonly args: string;
}

const REQUIRED: Readonly<Record<Verb, readonly string[]>> = {
  ADD: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"],
  CHECK: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"],
  DEL: ["CNI_CONTAINERID", "CNI_IFNAME"],
  GC: ["CNI_PATH"],
  STATUS: [],
  VERSION: [],
};

/**
 * The parameters of a verb. CNI_PATH is only required where the specification says so: an IPAM
 * plugin calls no other.
 *
 * @throws IpamError invalidEnvironment: the first invalid value, else all that are missing.
 */
export function readParameters(verb: Verb, env: Environment): Parameters {
  const required = REQUIRED[verb];
  if (required.includes("CNI_CONTAINERID")) {
    requireContainerId(env.CNI_CONTAINERID ?? "");
    requireIfname(env.CNI_IFNAME ?? "");
  }
  const missing = required.filter((name) => (env[name] ?? "") === "");
  if (missing.length > 0) {
    throw new IpamError("invalidEnvironment", `required env variables [${missing.join(",")}] missing`);
  }
  return {
    container: env.CNI_CONTAINERID ?? "",
    netns: env.CNI_NETNS ?? "",
    ifname: env.CNI_IFNAME ?? "",
    args: env.CNI_ARGS ?? "",
  };
}

function requireContainerId(value: string): void {
  const fault = value === "" ? undefined : containerIdFault(value);
  if (fault === undefined) return;
  const what =
    value.length > CAPS.containerId ? "CNI_CONTAINERID is too long" : "invalid characters in CNI_CONTAINERID";
  throw new IpamError("invalidEnvironment", what, `got '${cut(value, CAPS.shownValue)}'; ${fault}`);
}

function requireIfname(value: string): void {
  if (value === "") return;
  const fault = interfaceNameFault(value);
  if (fault === undefined) return;
  throw new IpamError(
    "invalidEnvironment",
    `invalid CNI_IFNAME: ${fault}`,
    `got '${cut(value, CAPS.shownValue)}'`,
  );
}
