import { lookAtStore } from "../../ipam/integrity/look.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { Store } from "../../ipam/store-port.ts";
import type { FakeNode } from "../../ipam/testing/fake-node.ts";
import { add, createWorld } from "../../ipam/testing/world.ts";
import type { Metrics } from "../events/metrics.ts";
import { StoreRounds } from "../store-round.ts";
import { IdentityWatch } from "../warm/identity-watch.ts";
import type { Lender } from "../warm/lend-ports.ts";

const soon = () => ({ deadline: performance.now() + 10_000 });

export interface QuietAgentOptions {
  /** An empty one. */
  readonly folder: string;
  /** Whether it watches the store's identity; default true. */
  readonly watches?: boolean;
  /** Whether it raises the epoch itself; default true. */
  readonly raises?: boolean;
}

/**
 * An agent of n1 on a store in memory, whose containers c1 and c2 live, after it has looked at everything once. Its
 * clock is the test's, and what it asks of the store is counted.
 */
export async function startQuietAgent({ folder, watches = true, raises = true }: QuietAgentOptions) {
  const world = createWorld({ connects: true, lineage: "a" });
  const node = world.node("n1");
  const [n1, n2] = [world.ports(node), world.ports(world.node("n2"))];
  for (const container of ["c1", "c2"]) await add(n1, container);
  await add(n2, "x1");
  const { store, asked } = counting(world.store);
  const suspect: boolean[] = [];
  const metrics = {
    storeSuspect: (_: string, is: boolean) => void suspect.push(is),
    storeConflicts: () => undefined,
    reclaimed: { inc: () => undefined },
  } as unknown as Metrics;
  const log = () => undefined;
  const clock = { now: 0 };
  const done = new Map<string, number>();
  Object.assign(node, {
    due: (task: string, seconds: number) =>
      (raises || !task.startsWith("epoch")) && isDue(done, task, seconds, clock.now),
  });
  const identity = watches
    ? new IdentityWatch(world.store, { stirred: () => undefined, raised: () => undefined })
    : undefined;
  while (identity !== undefined && !identity.stands) await Bun.sleep(1);
  const lender = {
    lendBetweenVerbs: async () => ({ ...n1, store, close: async () => undefined }),
    identityOf: async () => identity,
  } as unknown as Lender;
  const configuration = { node: { dataDir: folder, cniCacheDir: folder }, store: {} };
  const rounds = new StoreRounds(configuration as unknown as ConstructorParameters<typeof StoreRounds>[0], {
    lender,
    metrics,
    log,
    now: () => clock.now,
  });
  /** One round, so many seconds after the last. */
  const round = async (seconds = 5) => {
    asked.length = 0;
    clock.now += 1000 * seconds;
    await rounds.run(false);
    return [...asked];
  };
  const stored = async () => (await world.store.read({ refs: [refTo.meta] }, soon())).get(refTo.meta);
  /** Another node's looks raise the epoch, and the watch hears of it. */
  const raiseEpoch = async () => {
    const before = await stored();
    for (let looks = 0; looks < 2; looks++) {
      (n2.node as FakeNode).waitLong();
      await lookAtStore(n2, soon()).catch(() => undefined);
    }
    const after = await stored();
    const isWritten = after?.revision !== before?.revision;
    while (isWritten && identity !== undefined && identity.present?.revision !== after?.revision)
      await Bun.sleep(1);
    return after?.record.epoch;
  };
  await round();
  return {
    ...world,
    node,
    identity,
    n1,
    n2,
    stored,
    raiseEpoch,
    round,
    suspect,
    stop: () => identity?.stop(),
  };
}

/** The store, and what is asked of it through it. */
function counting(store: Store): { store: Store; asked: string[] } {
  const asked: string[] = [];
  const counted: Store = {
    ...store,
    read: (query, options) => {
      asked.push("read");
      return store.read(query, options);
    },
    commit: (transaction, options) => {
      asked.push("commit");
      return store.commit(transaction, options);
    },
    list: (scope, options) => {
      asked.push(`list ${scope.kind}`);
      return store.list(scope, options);
    },
  };
  return { store: counted, asked };
}

/** As a node's own, by the clock of the test. */
function isDue(done: Map<string, number>, task: string, seconds: number, now: number): boolean {
  if (now - (done.get(task) ?? Number.NEGATIVE_INFINITY) < 1000 * seconds) return false;
  done.set(task, now);
  return true;
}
