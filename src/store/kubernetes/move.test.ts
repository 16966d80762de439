import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { MOVED_KINDS } from "../../ipam/carried-kinds.ts";
import { initStore } from "../../ipam/integrity/identity.ts";
import { readIdentity } from "../../ipam/integrity/replace-identity.ts";
import { moveStore } from "../../ipam/moving/move.ts";
import { abortMove } from "../../ipam/moving/states.ts";
import { refKey } from "../../ipam/ref-key.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { Put, Store } from "../../ipam/store-port.ts";
import { putExamples } from "../../ipam/testing/moved-records.ts";
import { allocated, attached } from "../contract/fixtures.ts";
import { createMemoryStore } from "../memory/memory-store.ts";
import { describeKubernetes } from "./describe.ts";
import { storeOf } from "./open.ts";
import { type Carry, MemoryServer, objectsIn } from "./testing/memory-server.ts";

/** What `store move` asks of an API server: requests are counted, for nobody can promise their time. */

const soon = () => ({ deadline: performance.now() + 10_000 });
const COUNT = 120;

/** A store on objects in memory, and what it was asked. */
function kubernetes(server = new MemoryServer(), dies: Dying = {}) {
  const asked = { writes: 0, reads: 0, atOnce: 0, most: 0 };
  const carry: Carry = async (isWrite, _, call) => {
    asked[isWrite ? "writes" : "reads"] += 1;
    asked.atOnce += 1;
    asked.most = Math.max(asked.most, asked.atOnce);
    await Promise.resolve();
    asked.atOnce -= 1;
    if (asked.writes + asked.reads < (dies.at ?? Number.POSITIVE_INFINITY)) return call();
    // Requests that were under way reach the API server, or do not.
    if (dies.performs === true && isWrite) call();
    throw new Error("killed");
  };
  const description = describeKubernetes({ kind: "kubernetes" });
  return { asked, store: storeOf(objectsIn(server, carry), description, "memory") };
}

/** A process that is killed with the nth of its requests. */
interface Dying {
  readonly at?: number;
  readonly performs?: boolean;
}

function pod(n: number, container = `c${n}`): readonly Put[] {
  const address = `10.1.${n >> 8}.${n & 255}`;
  const record = { ...attached(container, address) };
  return [
    { ref: refTo.allocation("default", parseAddress(address)), record: allocated(container) },
    { ref: refTo.attachment(`n${n % 7}`, { network: "net1", container, ifname: "eth0" }), record },
  ];
}

async function commit(store: Store, puts: readonly Put[], deletes: Put["ref"][] = []): Promise<void> {
  const outcome = await store.commit({ guards: [], puts, deletes }, soon());
  expect(outcome.won).toBe(true);
}

async function filled(): Promise<Store> {
  const store = createMemoryStore();
  await initStore({ store }, soon());
  for (let n = 0; n < COUNT; n++) await commit(store, pod(n));
  return store;
}

async function recordsOf(store: Store): Promise<string[]> {
  const found: string[] = [];
  for (const kind of MOVED_KINDS)
    for await (const { record, ref } of store.list({ kind }, soon()))
      found.push(`${refKey(ref)} ${JSON.stringify(record)}`);
  return found.sort();
}

const silent = { step: () => undefined, read: () => undefined, wrote: () => undefined };

test("K320: an address, its attachment and its reservation are one write, sixteen at once; what is there already is none", async () => {
  const source = await filled();
  const { asked, store } = kubernetes();
  await moveStore({ source, target: store }, soon, silent);
  expect(await recordsOf(store)).toEqual(await recordsOf(source));
  expect(asked.writes / COUNT).toBeLessThanOrEqual(1.2);
  expect(asked.reads / COUNT).toBeLessThanOrEqual(1.2);
  expect(asked.most).toBeLessThanOrEqual(17);
  expect(asked.most).toBeGreaterThan(8);
  // And back: nothing has changed but the identity, which is read anew and then closed.
  const writes = asked.writes;
  const back = await moveStore({ source: store, target: source }, soon, silent);
  expect([back.before, back.after, asked.writes - writes]).toEqual([0, 0, 2]);
});

test("K321: what changed between the first copy and the stop is copied again, and nothing else", async () => {
  const source = await filled();
  const { asked, store } = kubernetes();
  let writes = 0;
  const refsOf = (n: number) => pod(n).map(({ ref }) => ref);
  /** Changes in the moment before it is stopped. */
  const changing: Store = {
    ...source,
    commit: async (transaction, options) => {
      if (transaction.puts.some(({ record }) => "state" in record && record.state === "moved")) {
        await commit(source, [], refsOf(1));
        await commit(source, pod(2, "other"), refsOf(2).slice(1));
        await commit(source, pod(COUNT + 1));
        // What was copied already and is gone since, by a person's hand.
        await commit(store, [], refsOf(5));
        writes = asked.writes;
      }
      return source.commit(transaction, options);
    },
  };
  const done = await moveStore({ source: changing, target: store }, soon, silent);
  expect(await recordsOf(store)).toEqual(await recordsOf(source));
  // Freed: two records go. Given to another: two are written, one goes. New: two. Gone: two.
  expect([done.before, done.after]).toEqual([2 * COUNT, 9]);
  expect(asked.writes - writes).toBeLessThanOrEqual(13);
});

test("K322: every kind of record goes there and back as it is: spaces, ranges, owners with places, reservations alone", async () => {
  const source = createMemoryStore();
  await initStore({ store: source }, soon());
  const count = await putExamples(source);
  const before = await recordsOf(source);
  expect(before).toHaveLength(count);
  const { store } = kubernetes();
  const { records = {} } = await moveStore({ source, target: store }, soon, silent);
  expect(Object.values<number>(records).reduce((sum, each) => sum + each)).toBe(count);
  expect(await recordsOf(store)).toEqual(before);
  const other = createMemoryStore();
  await moveStore({ source: store, target: other }, soon, silent);
  expect(await recordsOf(other)).toEqual(before);
});

test("K325: killed at any request and run again, or taken back: nothing is lost and nothing twice", async () => {
  let isDone = false;
  for (let at = 1; !isDone; at += 3)
    for (const performs of [false, true]) {
      const source = createMemoryStore();
      await initStore({ store: source }, soon());
      await putExamples(source);
      const before = await recordsOf(source);
      const server = new MemoryServer();
      const killed = await moveStore(
        { source, target: kubernetes(server, { at, performs }).store },
        soon,
        silent,
      ).catch((failure) => expect(String(failure)).toBe("Error: killed"));
      isDone = killed !== undefined;
      const again = { source, target: kubernetes(server).store };
      if (at % 2 === 0 && !isDone) {
        await abortMove(again, soon).catch((failure) => expect(String(failure)).toContain("is open"));
        expect(await recordsOf(source)).toEqual(before);
      }
      await moveStore(again, soon, silent);
      expect(await recordsOf(again.target)).toEqual(before);
      const states = [
        await readIdentity({ store: source }, soon()),
        await readIdentity({ store: again.target }, soon()),
      ];
      expect(states.map((state) => state?.record.state)).toEqual(["moved", "ready"]);
    }
}, 60_000);
