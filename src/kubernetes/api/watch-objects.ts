import * as v from "valibot";
import { type Api, folderOf } from "./api.ts";
import type { Kind } from "./kinds.ts";

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: T;
}

/** The API server ends the watch by itself after so long. */
const SERVER_ENDS_SECONDS = 240;
/** One that was forgotten by both sides ends all the same. */
const MOST_MS = 300_000;

const line = v.object({ type: v.string(), object: v.unknown() });

/**
 * All objects of a kind as ADDED, then their changes as they happen, over one connection. Ends when the
 * API server ends it, after some minutes, or when `signal` aborts; what happens between two watches is
 * not told, so whoever watches also lists now and then.
 *
 * @throws IpamError as the Cluster port says.
 */
export async function* watchObjects<T>(
  api: Api,
  kind: Kind<T>,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const folder = folderOf(kind);
  const path = `${folder}?watch=1&timeoutSeconds=${SERVER_ENDS_SECONDS}`;
  const ending = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]);
  const options = { signal: ending, opened: () => undefined };
  try {
    for await (const told of api.lines(path, { verb: "watch", kind, name: {} }, options)) {
      const { object, type } = api.parse(line, told, folder);
      if (type === "ADDED" || type === "MODIFIED" || type === "DELETED")
        yield { type, object: api.parse(kind.shape, object, folder) };
    }
  } catch (failure) {
    if (!ending.aborted) throw failure;
  }
}
