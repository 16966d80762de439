import type { Call } from "../protocol/call.ts";
import { peek } from "../protocol/peek.ts";
import { isSupported, NEWEST_VERSION, SUPPORTED_VERSIONS } from "../protocol/versions.ts";

/** How long a configuration that may never come is waited for. */
const PATIENCE_MS = 500;

/**
 * VERSION (CNI specification, "VERSION: probe plugin version support"): echoes the version of the
 * configuration, if we support it. Needs no other variable and touches nothing.
 */
export async function versionAnswer(call: Call): Promise<string> {
  return JSON.stringify({ cniVersion: await askedVersion(call), supportedVersions: SUPPORTED_VERSIONS });
}

async function askedVersion(call: Call): Promise<string> {
  try {
    const { text } = await call.stdin(call.started + PATIENCE_MS);
    const { cniVersion } = peek(text);
    return isSupported(cniVersion) ? cniVersion : NEWEST_VERSION;
  } catch {
    return NEWEST_VERSION;
  }
}
