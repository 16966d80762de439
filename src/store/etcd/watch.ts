import type { RecordKind } from "../../ipam/records.ts";
import type { AnyChange, Change, ListScope, WatchOptions } from "../../ipam/store-port.ts";
import { toText } from "../keys/bytes.ts";
import { allBelow, type KeyRange, type Keys } from "../keys/keys.ts";
import type { EtcdClient } from "./client/client.ts";
import { EtcdFailure } from "./connect/etcd-failure.ts";
import { type Event, Event_EventType } from "./gen/kv.ts";
import type { WatchResponse } from "./gen/rpc.ts";
import { entryAt } from "./list.ts";
import { rangeInit } from "./query.ts";
import { readTxn, revisionOf } from "./txn.ts";
import { RpcError } from "./wire/grpc-status.ts";
import { TXN, WATCH } from "./wire/methods.ts";
import { pause } from "./wire/time.ts";
import type { TroubleKind } from "./wire/trouble.ts";

/** Milliseconds. etcd allows a ping every 5 s; a frozen member is found within twice this time. */
const PING_MS = 8_000;
/** Milliseconds before a lost watch is resumed. */
const AGAIN_MS = 100;
/** Troubles that a new connection or token may end; `client.open` fails where it gets none. */
const PASSING: readonly TroubleKind[] = ["unreachable", "busy", "token"];

/** What a watch uses. */
export interface Watching {
  readonly client: EtcdClient;
  readonly keys: Keys;
  /** Milliseconds to find another endpoint after one was lost. */
  readonly reconnectMs: number;
}

/**
 * Yields the changes since a revision, each once and in order, across lost connections. Rejects with
 * "history-lost" when etcd no longer has all of them, and with "unavailable" when no endpoint answers for
 * `reconnectMs`.
 */
export function watch<K extends RecordKind>(
  watching: Watching,
  scope: ListScope<K>,
  since: number,
  options: WatchOptions,
): AsyncIterable<Change<K>> {
  const { keys } = watching;
  const read = (event: Event) => changeOf(keys, [scope.kind], event, options);
  return watchRange(watching, keys.scopeOf(scope), read, since, options);
}

/** As `watch`, for all records of some kinds: one watch on everything, and one decoding of each event. */
export function changes<K extends RecordKind>(
  watching: Watching,
  kinds: readonly K[],
  since: number,
  options: WatchOptions,
): AsyncIterable<AnyChange<K>> {
  const { keys } = watching;
  const read = (event: Event) => changeOf(keys, kinds, event, options) as AnyChange<K> | undefined;
  return watchRange(watching, allBelow(keys.root), read, since, options);
}

async function* watchRange<C>(
  { client, keys, reconnectMs }: Watching,
  range: KeyRange,
  read: (event: Event) => C | undefined,
  since: number,
  // Whoever passes an AbortController passes an accessor, which a copy would lose.
  { signal, stands }: WatchOptions,
): AsyncIterable<C> {
  let seen = since;
  for (let turn = 0; !signal.aborted; turn += 1) {
    if (turn > 0) await pause(AGAIN_MS);
    const { connection, headers } = await client.open({ deadline: performance.now() + reconnectMs });
    const pings = setInterval(() => connection.answers(PING_MS), PING_MS);
    try {
      const value = { ...rangeInit(range), startRevision: BigInt(seen + 1) };
      const request = { requestUnion: { $case: "createRequest" as const, value } };
      const rpc = { headers, signal };
      for await (const response of connection.subscribe(WATCH, request, rpc)) {
        await refuseGap(client, keys, response, seen, reconnectMs);
        if (response.created) stands?.(true, connection.number);
        for (const event of response.events) {
          const change = read(event);
          if (change !== undefined) yield change;
        }
        seen = Math.max(seen, ...response.events.map(({ kv }) => Number(kv?.modRevision ?? 0n)));
      }
      if (!signal.aborted) client.lost(connection, new RpcError("broken", "the watch ended"));
    } catch (error) {
      if (signal.aborted) return;
      const failure = client.lost(connection, error);
      if (!PASSING.includes(failure.trouble)) throw failure;
      if (failure.trouble === "token") await client.renewToken(headers.token);
    } finally {
      clearInterval(pings);
      stands?.(false);
    }
  }
}

function changeOf<K extends RecordKind>(
  keys: Keys,
  kinds: readonly K[],
  { type, kv }: Event,
  { damaged, keysOnly = false }: WatchOptions,
): Change<K> | undefined {
  if (kv === undefined) return undefined;
  const present = type === Event_EventType.PUT;
  const key = toText(kv.key);
  const ref = keys.refOf(key) as Change<K>["ref"] | undefined;
  if (ref === undefined || !kinds.includes(ref.kind as K)) return undefined;
  if (present && !keysOnly) {
    const entry = entryAt(ref, key, kv, damaged);
    return entry && { ...entry, present };
  }
  return { ref: ref as Change<K>["ref"], present, revision: Number(kv.modRevision) };
}

/** Rejects for a canceled watch, and for a store that is older than what was seen (restored from a backup). */
async function refuseGap(
  client: EtcdClient,
  keys: Keys,
  response: WatchResponse,
  seen: number,
  reconnectMs: number,
): Promise<void> {
  if (response.canceled) throw canceled(response);
  if (!response.created || revisionOf(response) >= seen) return;
  const deadline = performance.now() + reconnectMs;
  const now = await client.read((etcd, rpc) => etcd.call(TXN, readTxn([], keys), rpc), {
    deadline,
  });
  if (revisionOf(now) < seen) {
    throw historyLost(`etcd is at revision ${revisionOf(now)}, before ${seen}: was it restored?`);
  }
}

function canceled({ compactRevision, cancelReason }: WatchResponse): Error {
  if (compactRevision > 0n) return historyLost(`etcd keeps no changes before revision ${compactRevision}`);
  return new RpcError("canceled", cancelReason || "the watch was canceled");
}

function historyLost(message: string): EtcdFailure {
  return new EtcdFailure(
    "history-lost",
    { trouble: "compacted", mayHaveHappened: false },
    message,
    "list the records again",
  );
}
