import * as v from "valibot";
import { pause } from "../../../ipam/pause.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { orAbort } from "../../../kubernetes/api/or-abort.ts";
import { folderOf, withQuery } from "../../../kubernetes/api/path.ts";
import { reach } from "../../../kubernetes/api/reach.ts";
import type { Credentials } from "../../../kubernetes/credentials/credentials.ts";
import type { ObjectChange, ObjectWatch, WatchScope } from "../objects/objects.ts";
import { bodyOf, refusedBy, unanswered } from "./failures.ts";
import { kindOf, objectOf, storedObject } from "./wire.ts";

/** Seconds after which the API server ends a watch; the next one goes on where it ended. */
const SECONDS = 300;
/** Before a watch that goes on asks an API server again that did not answer. */
const AGAIN_MS = 1_000;
/** Bookmarks come every minute; a connection without any for so long is dead. */
const SILENCE_MS = 90_000;

const line = v.object({ type: v.string(), object: v.unknown() });
const versioned = v.object({ metadata: v.object({ resourceVersion: v.string() }) });
const status = v.object({
  code: v.optional(v.number(), 0),
  reason: v.optional(v.string(), ""),
  message: v.optional(v.string(), ""),
});

const CHANGES: Readonly<Record<string, ObjectChange["type"]>> = { ADDED: "made", DELETED: "gone" };

/** Follows objects over as many requests as it takes, each from where the last one ended. */
export async function* watchObjects(
  credentials: Credentials,
  scope: WatchScope,
  since: string,
  options: ObjectWatch,
): AsyncGenerator<ObjectChange> {
  let version = since;
  while (!options.signal.aborted) {
    try {
      for await (const { object, type } of lines(credentials, scope, version, options)) {
        if (type === "ERROR") throw refusedBy(credentials, errorOf(object));
        version = v.parse(versioned, object).metadata.resourceVersion;
        if (type === "BOOKMARK") continue;
        const read = objectOf(scope.resource, v.parse(storedObject, object));
        yield { type: CHANGES[type] ?? "changed", object: read };
      }
    } catch (failure) {
      const isAway = failure instanceof StoreFailure && failure.kind === "unavailable";
      if (!isAway || options.goesOn !== true) throw failure;
      await pause(AGAIN_MS, options.signal);
    }
  }
}

async function* lines(
  credentials: Credentials,
  { name, resource }: WatchScope,
  since: string,
  { opened, signal }: { readonly signal: AbortSignal; readonly opened: () => void },
): AsyncGenerator<v.InferOutput<typeof line>> {
  const path = withQuery(folderOf(kindOf(resource)), {
    watch: 1,
    allowWatchBookmarks: "true",
    timeoutSeconds: SECONDS,
    resourceVersion: since,
    fieldSelector: name === undefined ? undefined : `metadata.name=${name}`,
  });
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error("it sent nothing")), SILENCE_MS);
  const either = AbortSignal.any([signal, silence.signal]);
  try {
    const authentication = await orAbort(credentials.apply(either), either);
    const response = await reach(credentials, path, authentication, { signal: either });
    if (!response.ok) {
      const said = v.safeParse(status, bodyOf(response.status, await response.text()));
      throw refusedBy(
        credentials,
        errorOf(said.success ? { ...said.output, code: response.status } : { code: response.status }),
      );
    }
    opened();
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      for (const text of parts) if (text !== "") yield v.parse(line, JSON.parse(text));
    }
  } catch (failure) {
    if (signal.aborted) return;
    throw unanswered(credentials.server, "nothing", failure);
  } finally {
    clearTimeout(timer);
  }
}

function errorOf(object: unknown) {
  const { code, message, reason } = v.parse(status, object);
  return { httpStatus: code, message, reason };
}
