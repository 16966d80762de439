import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { EmbeddedSettings } from "../../config/network-configuration.ts";
import { takeUpRoom } from "../../files/take-up-room.ts";
import type { RecordKind } from "../../ipam/records.ts";
import {
  type CallOptions,
  type ListOptions,
  type ListScope,
  type Query,
  type Snapshot,
  type Store,
  StoreFailure,
  type Transaction,
  type WatchOptions,
} from "../../ipam/store-port.ts";
import { describeEmbedded } from "./describe.ts";
import { storeFile } from "./store-file.ts";
import { troubleOf } from "./trouble.ts";

/**
 * The store of a file that is not there yet, for whoever must not begin it: it holds nothing, and takes
 * nothing. Once an ADD has begun the store, it is that one: a DEL that waited for the ADD must find what the
 * ADD wrote.
 *
 * @param open opens the store that is there.
 * @throws StoreFailure where nobody can ever begin it, because a part of the path is a file.
 */
export function unbegunStore(settings: EmbeddedSettings, open: () => Promise<Store>): Store {
  const file = storeFile(settings.dataDir);
  requireNoFileAbove(file);
  let opening: Promise<Store> | undefined;
  const begun = (): Promise<Store | undefined> => {
    if (opening === undefined && existsSync(file)) opening = open();
    return opening ?? Promise.resolve(undefined);
  };
  return {
    description: describeEmbedded(settings),
    read: async (query: Query, options: CallOptions) =>
      (await begun())?.read(query, options) ?? nothing(query),
    commit: async (transaction: Transaction, options: CallOptions) => {
      const store = await begun();
      if (store !== undefined) return store.commit(transaction, options);
      throw new StoreFailure(
        "unwritable",
        `there is no store in ${settings.dataDir} yet`,
        "only an ADD, or 'kube-ipam store init', begins it",
      );
    },
    list: async function* <K extends RecordKind>(scope: ListScope<K>, options: ListOptions) {
      const store = await begun();
      if (store !== undefined) yield* store.list(scope, options);
    },
    count: async (scope, options) => (await begun())?.count(scope, options) ?? 0,
    spaces: async (options) => (await begun())?.spaces(options) ?? [],
    watch: async function* <K extends RecordKind>(scope: ListScope<K>, since: number, options: WatchOptions) {
      const store = await begun();
      if (store !== undefined) yield* store.watch(scope, since, options);
    },
    changes: async function* <K extends RecordKind>(
      kinds: readonly K[],
      since: number,
      options: WatchOptions,
    ) {
      const store = await begun();
      if (store !== undefined) yield* store.changes(kinds, since, options);
    },
    requireWritable: async (options: CallOptions) => {
      const store = await begun();
      if (store !== undefined) return store.requireWritable(options);
      requireRoom(settings.dataDir, file);
    },
    close: async () => (await opening?.catch(() => undefined))?.close(),
  };
}

function requireNoFileAbove(file: string): void {
  try {
    statSync(file);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "ENOENT") throw troubleOf(failure, file);
  }
}

function nothing({ counts = [], windows = [] }: Query): Snapshot {
  return {
    revision: 0,
    get: () => undefined,
    windows: windows.map(({ last }) => ({ allocated: [], reserved: [], cooling: [], knownThrough: last })),
    counts: counts.map(() => ({ allocated: 0, reserved: 0, cooling: 0 })),
  };
}

/** Where the folder is missing, an ADD would make it below the nearest one that is there. @throws StoreFailure. */
function requireRoom(dataDir: string, file: string): void {
  let folder = dataDir;
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  try {
    takeUpRoom(`${folder}/kube-ipam-room-${process.pid}`);
  } catch (failure) {
    throw troubleOf(failure, file);
  }
}
