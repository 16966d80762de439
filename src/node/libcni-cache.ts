import { existsSync } from "node:fs";
import { basename } from "node:path";
import * as v from "valibot";
import { filesIn, textOf } from "./foreign-files.ts";

/** What libcni wrote about one attachment after its ADD (libcni/api.go, `cachedInfo`). */
export interface CachedResult {
  readonly path: string;
  readonly container: string;
  readonly ifname: string;
  readonly network: string;
  /** The network's configuration, or the list of them, as JSON text. */
  readonly config: string;
  readonly args: readonly (readonly [string, string])[];
  readonly result: unknown;
  /** The sandbox's network namespace; "" where neither libcni nor the result names it. */
  readonly netns: string;
}

const KIND = "cniCacheV1";
const DEFAULT_FOLDER = "/var/lib/cni";
/** The runtime's own, and Multus' of the networks that it passes on to (its `cniDir`). */
const PLACES = ["results", "multus/results"] as const;

const Cached = v.object({
  kind: v.literal(KIND),
  containerId: v.string(),
  config: v.string(),
  ifName: v.string(),
  networkName: v.string(),
  netns: v.optional(v.string(), ""),
  cniArgs: v.nullish(v.array(v.tuple([v.string(), v.string()])), []),
  result: v.optional(v.unknown()),
});

const Interfaces = v.object({
  interfaces: v.array(v.object({ sandbox: v.optional(v.string(), "") })),
});

/** Where a runtime's CNI library keeps its results: where it was configured, else below /var/lib/cni. */
export function cacheRoot(folder: string | undefined): {
  readonly root: string;
  readonly configured: boolean;
} {
  const named = folder ?? (process.env.CNI_CACHE || undefined);
  return { root: named ?? DEFAULT_FOLDER, configured: named !== undefined };
}

/** Whether any CNI library has ever kept results below this folder. */
export function isCache(root: string): boolean {
  return PLACES.some((place) => existsSync(`${root}/${place}`));
}

/**
 * Reads the results that a runtime's CNI library keeps until DEL. Those of containerd, CRI-O and Multus lie
 * below /var/lib/cni, others where `folder` or $CNI_CACHE says.
 *
 * @returns the results, and the names of the files that cannot be read. Throws as node:fs does.
 */
export function readCachedResults(folder: string | undefined): {
  readonly results: readonly CachedResult[];
  readonly unreadable: readonly string[];
} {
  const { root } = cacheRoot(folder);
  const results: CachedResult[] = [];
  const unreadable: string[] = [];
  for (const path of PLACES.flatMap((place) => filesIn(`${root}/${place}`))) {
    const read = readCached(path);
    if (read === "gone") continue;
    if (read === undefined) unreadable.push(basename(path));
    else results.push(read);
  }
  return { results, unreadable };
}

function readCached(path: string): CachedResult | undefined | "gone" {
  const text = textOf(path);
  if (text === undefined) return "gone";
  const parsed = v.safeParse(Cached, parseJson(text));
  if (!parsed.success) return undefined;
  const { containerId, config, ifName, networkName, netns, cniArgs, result } = parsed.output;
  return {
    path,
    container: containerId,
    ifname: ifName,
    network: networkName,
    config: Buffer.from(config, "base64").toString("utf8"),
    args: cniArgs ?? [],
    result,
    netns: netns || sandboxOf(result),
  };
}

/** Older libraries leave the namespace out; a main plugin's result names it from 0.3.0 on. */
function sandboxOf(result: unknown): string {
  const parsed = v.safeParse(Interfaces, result);
  if (!parsed.success) return "";
  return parsed.output.interfaces.find(({ sandbox }) => sandbox !== "")?.sandbox ?? "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
