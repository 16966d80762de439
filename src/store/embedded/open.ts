import type { EmbeddedSettings } from "../../config/network-configuration.ts";
import { takeUpRoom } from "../../files/take-up-room.ts";
import type { RecordKind } from "../../ipam/records.ts";
import type {
  CallOptions,
  ListOptions,
  ListScope,
  Outcome,
  Query,
  Snapshot,
  Store,
  Transaction,
  WatchOptions,
} from "../../ipam/store-port.ts";
import { makeKeys } from "../keys/keys.ts";
import { requireOnePutEach } from "../one-put-each.ts";
import { answer } from "./answer.ts";
import { type BootClock, bootClock } from "./boot-clock.ts";
import { openDatabase } from "./database.ts";
import { describeEmbedded } from "./describe.ts";
import { count, list, listSpaces } from "./list.ts";
import type { Records } from "./records.ts";
import { SpareSpace } from "./spare-space.ts";
import { Transactions } from "./transactions.ts";
import { troubleOf } from "./trouble.ts";
import { changes, watch } from "./watch.ts";
import { guardsHold, write } from "./write.ts";

const PATIENCE_MS = 5_000;

/** How to open a store. */
export interface OpenOptions {
  /** Milliseconds of performance.now(); default: 5 seconds from now. */
  readonly deadline?: number;
  /** Default: the kernel's. */
  readonly clock?: BootClock;
}

/**
 * Opens the store of one node: one SQLite file in `dataDir`, shared by all processes of the node. Creates
 * it where it is missing; the caller checks that it is the right one (ONE-STORE).
 *
 * @throws StoreFailure unwritable (read-only, corrupt, newer schema), no-space or unavailable (busy),
 *   naming the file.
 */
export async function openEmbeddedStore(
  settings: EmbeddedSettings,
  options: OpenOptions = {},
): Promise<Store> {
  const { deadline = performance.now() + PATIENCE_MS, clock = bootClock() } = options;
  const opened = await openDatabase(settings.dataDir, deadline);
  const spare = new SpareSpace(opened.file);
  const transactions = new Transactions(opened, spare);
  const records: Records = { database: opened.database, keys: makeKeys(""), clock };

  return {
    description: describeEmbedded(settings),
    read: (query: Query, call: CallOptions): Promise<Snapshot> =>
      transactions.run("read", call, () => answer(records, query)),
    commit: async (transaction: Transaction, call: CallOptions): Promise<Outcome> => {
      requireOnePutEach(transaction);
      const onlyDeletes = transaction.puts.length === 0;
      const outcome = await transactions.run(
        "write",
        call,
        () => commitGuarded(records, transaction),
        onlyDeletes,
      );
      spare.keep();
      return outcome;
    },
    list: <K extends RecordKind>(scope: ListScope<K>, call: ListOptions) =>
      list(records, transactions, scope, call),
    count: (scope, call) => count(records, transactions, scope, call),
    spaces: (call) => listSpaces(records, transactions, call),
    watch: <K extends RecordKind>(scope: ListScope<K>, since: number, call: WatchOptions) =>
      watch(records, transactions, scope, since, call),
    changes: <K extends RecordKind>(kinds: readonly K[], since: number, call: WatchOptions) =>
      changes(records, transactions, kinds, since, call),
    requireWritable: async () => {
      try {
        takeUpRoom(`${opened.file}-room-${process.pid}`);
      } catch (failure) {
        throw troubleOf(failure, opened.file);
      }
    },
    close: async () => {
      transactions.close();
      // Closing has emptied the log; on a full disk others would take that space at once.
      spare.keep();
    },
  };
}

/** GUARDED: comparisons and writes are one step, because no other process can write in between. */
function commitGuarded(records: Records, transaction: Transaction): Outcome {
  if (guardsHold(records, transaction)) return { won: true, revision: write(records, transaction) };
  const { otherwise } = transaction;
  return { won: false, ...(otherwise && { snapshot: answer(records, otherwise) }) };
}
