import type { Call } from "../call.ts";
import { isSupported, NEWEST_VERSION, SUPPORTED_VERSIONS } from "../versions.ts";

/**
 * VERSION (CNI specification, "VERSION: probe plugin version support"): echoes the version that was
 * asked with, if we speak it. Needs no other variable and touches nothing.
 */
export function versionAnswer(call: Call): string {
  return JSON.stringify({ cniVersion: askedVersion(call), supportedVersions: SUPPORTED_VERSIONS });
}

function askedVersion(call: Call): string {
  try {
    const { cniVersion } = JSON.parse(call.stdin());
    return isSupported(cniVersion) ? cniVersion : NEWEST_VERSION;
  } catch {
    return NEWEST_VERSION;
  }
}
