import * as v from "valibot";
import type { Seen } from "../../ipam/inventory-port.ts";
import { pause } from "../../ipam/pause.ts";
import type { Api } from "./api.ts";
import type { Kind } from "./kinds.ts";
import { listObjects } from "./list-objects.ts";
import { folderOf, withQuery } from "./path.ts";

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Told why a list or a watch failed, before it is tried again. */
  readonly failed: (failure: unknown) => void;
}

/** A list of a hundred thousand pods takes a while; each of its requests has a bound of its own. */
const LIST_MS = 300_000;
/** Seconds after which the API server ends a watch; the next one goes on where it ended. */
const WATCH_SECONDS = 300;
/** Bookmarks come every minute; a connection without any for so long is dead. */
const SILENCE_MS = 90_000;
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [500, 30_000];
/** A watch that cannot be resumed so often in a row begins with a list. */
const MOST_FAILURES = 3;

const line = v.object({ type: v.string(), object: v.unknown() });
const versioned = v.object({ metadata: v.object({ resourceVersion: v.string() }) });

/**
 * Yields all objects of a kind in the cluster, and then each change, until `signal` aborts. Lists page by page, and
 * again only where the API server no longer knows what happened since; over a lost connection the watch goes on.
 */
export async function* followObjects<T>(
  api: Api,
  kind: Kind<T>,
  { failed, signal }: FollowOptions,
): AsyncGenerator<Seen<T>> {
  let since = "";
  let wait = FIRST_PAUSE_MS;
  for (let failures = 0; !signal.aborted; ) {
    try {
      if (since === "") {
        yield { kind: "listing" };
        const list = listObjects(api, kind, performance.now() + LIST_MS);
        for (let next = await list.next(); ; next = await list.next()) {
          if (signal.aborted) return;
          if (next.done === true) {
            since = next.value;
            break;
          }
          yield { kind: "present", object: next.value };
        }
        yield { kind: "listed" };
      }
      const began = performance.now();
      for await (const { object, type } of watch(api, kind, since, signal)) {
        if (type === "ERROR") throw new TooOld();
        since = v.parse(versioned, object).metadata.resourceVersion;
        [failures, wait] = [0, FIRST_PAUSE_MS];
        if (type === "BOOKMARK") continue;
        const read = api.parse(kind.shape, object, folderOf(kind));
        yield { kind: type === "DELETED" ? "gone" : "present", object: read };
      }
      // Who ends watches at once is not asked again at once.
      if (performance.now() - began < FIRST_PAUSE_MS) await pause(FIRST_PAUSE_MS, signal);
    } catch (failure) {
      if (signal.aborted) return;
      failures += 1;
      if (failure instanceof TooOld || failures >= MOST_FAILURES) since = "";
      if (!(failure instanceof TooOld)) failed(failure);
      await pause(wait, signal);
      wait = Math.min(2 * wait, LONGEST_PAUSE_MS);
    }
  }
}

/** The API server no longer knows what happened since. */
class TooOld extends Error {}

/** The changes since a moment. Ends when the API server ends the watch. @throws IpamError; Error when nothing comes. */
async function* watch<T>(
  api: Api,
  kind: Kind<T>,
  since: string,
  signal: AbortSignal,
): AsyncGenerator<v.InferOutput<typeof line>> {
  const query = {
    watch: 1,
    allowWatchBookmarks: "true",
    timeoutSeconds: WATCH_SECONDS,
    resourceVersion: since,
  };
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error("the API server sent nothing")), SILENCE_MS);
  const options = { signal: AbortSignal.any([signal, silence.signal]), opened: () => undefined };
  try {
    for await (const told of api.lines(
      withQuery(folderOf(kind), query),
      { verb: "watch", kind, name: {} },
      options,
    )) {
      timer.refresh();
      yield v.parse(line, told);
    }
  } finally {
    clearTimeout(timer);
  }
}
