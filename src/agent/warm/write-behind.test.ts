import { expect, test } from "bun:test";
import type { RememberedStore, StoreMemory, Witness } from "../../ipam/node-port.ts";
import { writeBehindCursors, writeBehindStoreMemory, writeBehindWitnesses } from "./write-behind.ts";

/** A memory whose writes are counted. */
function memory() {
  const file = new Map<string, RememberedStore>();
  let writes = 0;
  const remember = (space: string, store: RememberedStore) => {
    writes += 1;
    file.set(space, store);
  };
  const port: StoreMemory = {
    recall: (space) => file.get(space),
    remember,
    accept: (space, store) => void file.set(space, store),
    spaces: () => [...file.keys()],
  };
  return { file, writes: () => writes, port };
}

const store = (revision: number, uuid = "u1") => ({ uuid, prefix: "", revision });

test("the store's identity is written at once, its revision once for many", () => {
  const { file, writes, port } = memory();
  const { hints, flush } = writeBehindStoreMemory(port);
  hints.remember("default", store(1));
  expect(file.get("default")).toEqual(store(1));
  for (let revision = 2; revision < 50; revision += 1) hints.remember("default", store(revision));
  expect(hints.recall("default")).toEqual(store(49));
  expect(writes()).toBe(1);
  flush();
  expect(file.get("default")).toEqual(store(49));
  expect(writes()).toBe(2);
});

test("a revision never goes back", () => {
  const { port } = memory();
  const { hints } = writeBehindStoreMemory(port);
  hints.remember("default", store(9));
  hints.remember("default", store(3));
  expect(hints.recall("default")?.revision).toBe(9);
});

test("a store that an operator made the node forget is not written again", () => {
  const { file, port } = memory();
  const { hints, flush } = writeBehindStoreMemory(port);
  hints.remember("default", store(1));
  hints.remember("default", store(2));
  file.delete("default");
  flush();
  expect(file.size).toBe(0);
});

test("another store replaces the one that was known", () => {
  const { file, port } = memory();
  const { hints } = writeBehindStoreMemory(port);
  hints.remember("default", store(5));
  hints.remember("default", store(1, "u2"));
  expect([file.get("default"), hints.recall("default")]).toEqual([store(1, "u2"), store(1, "u2")]);
});

test("a store that was accepted although it is older is the one that is known", () => {
  const { port } = memory();
  const { hints, flush } = writeBehindStoreMemory(port);
  hints.remember("default", store(8));
  hints.remember("default", store(9));
  hints.accept("default", store(2));
  flush();
  expect(hints.recall("default")).toEqual(store(2));
});

test("cursors go on in memory, and reach their files", () => {
  const file = new Map<string, bigint>();
  const advance = (pool: string, next: (current: bigint | undefined) => bigint | undefined) => {
    const value = next(file.get(pool));
    if (value !== undefined) file.set(pool, value);
    return value;
  };
  const { hints, flush } = writeBehindCursors({ read: (pool) => file.get(pool), advance });
  const forward = () => hints.advance("p", (current) => (current ?? 0n) + 1n);
  expect([forward(), forward(), hints.read("p"), file.get("p")]).toEqual([1n, 2n, 2n, undefined]);
  flush();
  expect(file.get("p")).toBe(2n);
});

test("an epoch that rose is known at once, and in its file a little later; a lineage is written at once", () => {
  const { file, port } = memory();
  const { hints, flush } = writeBehindStoreMemory(port);
  hints.remember("default", store(1));
  hints.remember("default", { ...store(1), epoch: 2 });
  hints.remember("default", { ...store(2), epoch: 1 });
  expect(hints.recall("default")).toEqual({ ...store(2), epoch: 2 });
  hints.remember("default", { ...store(2), lineage: "a" });
  expect(file.get("default")?.lineage).toBe("a");
  flush();
  expect(file.get("default")?.revision).toBe(2);
});

test("witnesses are noted together, and whoever asks for them finds them all", () => {
  const noted: Witness[][] = [];
  const { hints, flush } = writeBehindWitnesses({
    note: (witnesses) => void noted.push([...witnesses]),
    newest: () => noted.flat().reverse(),
    forget: () => void noted.splice(0),
  });
  const witness = (container: string): Witness => ({
    space: "default",
    id: { network: "n", container, ifname: "eth0" },
    requestId: container,
    revision: 1,
  });
  hints.note([witness("a")]);
  hints.note([witness("b")]);
  expect(noted).toEqual([]);
  expect([...hints.newest()]).toEqual([witness("b"), witness("a")]);
  expect(noted).toHaveLength(1);
  hints.note([witness("c")]);
  flush();
  flush();
  expect(noted).toHaveLength(2);
  hints.note([witness("d")]);
  hints.forget();
  expect([...hints.newest()]).toEqual([]);
});

test("K237: what was written is read from its file the next time, and not remembered: a node may see any number of pools", async () => {
  const file = new Map<string, bigint>();
  const reads: string[] = [];
  const read = (pool: string) => {
    reads.push(pool);
    return file.get(pool);
  };
  const advance = (pool: string, next: (current: bigint | undefined) => bigint | undefined) => {
    const value = next(file.get(pool));
    if (value !== undefined) file.set(pool, value);
    return value;
  };
  const { hints, size } = writeBehindCursors({ read, advance });
  for (let pool = 0; pool < 1_000; pool++) hints.advance(`p${pool}`, () => 7n);
  for (let pool = 0; pool < 1_000; pool++) hints.read(`only read ${pool}`);
  expect(reads).toHaveLength(2_000);
  while (size() > 0) await Bun.sleep(1);
  expect([file.size, hints.read("p1")]).toEqual([1_000, 7n]);
});
