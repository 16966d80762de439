import { cacheRoot, isCache, readCachedResults } from "../node/libcni-cache.ts";

/** What the runtime's CNI cache says of containers; its word is no evidence that one has ended. */
export interface KnownContainers {
  /** The folder that was looked at. */
  readonly folder: string;
  /** Whether somebody said where the cache is. */
  readonly configured: boolean;
  /** Why it tells nothing, or not all. */
  readonly doubt?: string;
  /** Whether its word can be had at all: an empty cache knows nobody, a missing one is not asked. */
  readonly asked: boolean;
  knows(container: string): boolean;
}

/** Reads the runtime's CNI cache. Never throws. */
export function knownContainers(cniCacheDir: string | undefined): KnownContainers {
  const { configured, root } = cacheRoot(cniCacheDir);
  const place = { folder: `${root}/results`, configured };
  if (!isCache(root)) return { ...place, asked: false, doubt: "it is not there", knows: () => false };
  try {
    const { results, unreadable } = readCachedResults(cniCacheDir);
    const containers = new Set(results.map(({ container }) => container));
    return {
      ...place,
      asked: true,
      ...(unreadable.length > 0 && { doubt: `${unreadable.length} of its files cannot be read` }),
      // Libraries before 0.8 wrote no container into the file, but into its name.
      knows: (container) =>
        containers.has(container) || unreadable.some((name) => name.includes(`-${container}-`)),
    };
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    return { ...place, asked: false, doubt: `it cannot be read: ${reason}`, knows: () => false };
  }
}
