import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { IpamError } from "../../ipam/errors.ts";

/** All versions of the CNI specification that this plugin supports, oldest first. */
export const SUPPORTED_VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;

export type CniVersion = (typeof SUPPORTED_VERSIONS)[number];

export const NEWEST_VERSION: CniVersion = "1.1.0";

/** A configuration without cniVersion is taken for the oldest (as libcni does). */
export const DEFAULT_VERSION: CniVersion = "0.1.0";

export type Verb = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS" | "VERSION";

/** The first version that knows a verb; verbs that are not named exist in all. */
const SINCE: Partial<Record<Verb, CniVersion>> = { CHECK: "0.4.0", GC: "1.1.0", STATUS: "1.1.0" };

export function isSupported(version: unknown): version is CniVersion {
  return (SUPPORTED_VERSIONS as readonly unknown[]).includes(version);
}

/** Whether `version` is `than` or a later one. */
export function isAtLeast(version: CniVersion, than: CniVersion): boolean {
  return SUPPORTED_VERSIONS.indexOf(version) >= SUPPORTED_VERSIONS.indexOf(than);
}

/**
 * The configuration's version, if we support it and it has the verb.
 *
 * @throws IpamError decode (not text, or no version at all), incompatibleVersion.
 */
export function requireVersion(given: unknown, verb: Verb): CniVersion {
  const version = given === undefined || given === "" ? DEFAULT_VERSION : given;
  if (typeof version !== "string") {
    const shown = cut(JSON.stringify(given), CAPS.shownValue);
    throw new IpamError("decode", `cniVersion must be a string like "1.0.0", not ${shown}`);
  }
  if (!isSupported(version)) throw unsupported(version, verb);
  const since = SINCE[verb];
  if (since === undefined || isAtLeast(version, since)) return version;
  throw new IpamError(
    "incompatibleVersion",
    `config version ${version} does not allow ${verb}`,
    `${verb} exists since cniVersion ${since}: raise cniVersion in the network configuration`,
  );
}

function unsupported(version: string, verb: Verb): IpamError {
  if (verb === "CHECK" && !/^\d+(\.\d+){0,2}$/.test(version)) {
    return new IpamError(
      "decode",
      `cniVersion '${cut(version, CAPS.shownValue)}' is not a version`,
      "expected three numbers, like 1.0.0",
    );
  }
  return new IpamError(
    "incompatibleVersion",
    "incompatible CNI versions",
    `config is "${cut(version, CAPS.shownValue)}", plugin supports ${JSON.stringify(SUPPORTED_VERSIONS)}`,
  );
}
