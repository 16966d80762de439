import { expect, test } from "bun:test";
import fs from "node:fs";
import { openStoreMemory } from "./store-memory.ts";
import { modeOf, useScratch } from "./test-kit/scratch.ts";
import { thrown } from "./test-kit/thrown.ts";

const scratch = useScratch();
const store = { uuid: "s1", prefix: "/kube-ipam/v1", revision: 7 };

test("a store is remembered per address space, across processes", () => {
  const folder = `${scratch()}/data/stores`;
  expect(openStoreMemory(folder).recall("default")).toBeUndefined();
  expect(fs.existsSync(folder)).toBe(false);
  openStoreMemory(folder).remember("default", store);
  openStoreMemory(folder).remember("wire/2", { ...store, uuid: "s2", prefix: "" });
  expect(openStoreMemory(folder).recall("default")).toEqual(store);
  expect(openStoreMemory(folder).recall("wire/2")).toEqual({ uuid: "s2", prefix: "", revision: 7 });
});

test("ONE-STORE: the highest revision stays, whoever writes last", () => {
  const memory = openStoreMemory(`${scratch()}/stores`);
  for (const revision of [7, 9, 8, Number.MAX_SAFE_INTEGER, 10])
    memory.remember("default", { ...store, revision });
  expect(memory.recall("default")).toEqual({ ...store, revision: Number.MAX_SAFE_INTEGER });
});

test("another store replaces the remembered one, with its own revision", () => {
  const memory = openStoreMemory(`${scratch()}/stores`);
  memory.remember("default", { ...store, revision: 100 });
  const other = { uuid: "s2-longer-name", prefix: "/other", revision: 3 };
  memory.remember("default", other);
  expect(memory.recall("default")).toEqual(other);
  memory.remember("default", { ...other, revision: 4 });
  memory.remember("default", { ...store, revision: 2 });
  memory.remember("default", { ...store, revision: 3 });
  expect(memory.recall("default")).toEqual({ ...store, revision: 3 });
});

test("losing the revision leaves the store known, at the revision it was first seen at", () => {
  const folder = `${scratch()}/stores`;
  const memory = openStoreMemory(folder);
  for (const rest of ["", "\0\0\0\0", "s1 00000", "s0 0000000000000099\n"]) {
    memory.remember("default", { ...store, revision: 50 });
    fs.writeFileSync(`${folder}/default.revision`, rest);
    expect(memory.recall("default")).toEqual({ ...store, revision: 50 });
    fs.rmSync(folder, { recursive: true });
  }
});

test("FAIL-CLOSED: a damaged memory is an error, not 'no memory'", () => {
  const folder = `${scratch()}/stores`;
  const memory = openStoreMemory(folder);
  memory.remember("default", store);
  fs.writeFileSync(`${folder}/default.json`, '{"version":1}');
  const damaged = {
    name: "io",
    message: `'${folder}/default.json' is damaged, so this node cannot tell which store it has used`,
    details: "make sure that the configured store is the right one, then remove that file",
  };
  expect(thrown(() => memory.recall("default"))).toEqual(damaged);
  expect(thrown(() => memory.remember("default", store))).toEqual(damaged);
});

test("the memory of a newer program is an error too", () => {
  const folder = `${scratch()}/stores`;
  const memory = openStoreMemory(folder);
  memory.remember("default", store);
  fs.writeFileSync(`${folder}/default.json`, '{"version":2,"uuids":[]}');
  expect(thrown(() => memory.recall("default")).message).toBe(
    `'${folder}/default.json' was written by a newer kube-ipam`,
  );
});

test("a forgotten space takes any store again, an older state of the same one too", () => {
  const memory = openStoreMemory(`${scratch()}/stores`);
  memory.remember("default", store);
  memory.forget("default");
  expect(memory.recall("default")).toBeUndefined();
  memory.remember("default", { ...store, revision: 1 });
  expect(memory.recall("default")?.revision).toBe(1);
  memory.forget("never used");
});

test("a folder that cannot be written is an error when the store is first seen", () => {
  const base = scratch();
  fs.writeFileSync(`${base}/file`, "");
  expect(thrown(() => openStoreMemory(`${base}/file/stores`).remember("default", store)).message).toBe(
    `cannot read '${base}/file/stores/default.json': a part of the path is a file (ENOTDIR)`,
  );
});

test("files are root's alone", () => {
  const folder = `${scratch()}/data/stores`;
  openStoreMemory(folder).remember("default", store);
  expect(
    fs
      .readdirSync(folder)
      .sort()
      .map((name) => `${name} ${modeOf(`${folder}/${name}`)}`),
  ).toEqual(["default.json 600", "default.revision 600"]);
});

test("an accepted store counts at its own, lower revision, with the recovery that was answered", () => {
  const memory = openStoreMemory(`${scratch()}/stores`);
  memory.remember("default", { ...store, revision: 100 });
  const accepted = { ...store, revision: 40, recovery: "r1" };
  memory.accept("default", accepted);
  expect(memory.recall("default")).toEqual(accepted);
  memory.remember("default", { ...accepted, revision: 41 });
  expect(memory.recall("default")).toEqual({ ...accepted, revision: 41 });
});

test("remembered spaces are told by name", () => {
  const memory = openStoreMemory(`${scratch()}/stores`);
  expect(memory.spaces()).toEqual([]);
  for (const space of ["default", "plant-2"]) memory.remember(space, store);
  expect(memory.spaces().sort()).toEqual(["default", "plant-2"]);
});

test("ONE-STORE: the highest epoch stays beside the revision, and ends with its store", () => {
  const folder = `${scratch()}/stores`;
  const memory = openStoreMemory(folder);
  memory.remember("default", { ...store, epoch: 3 });
  memory.remember("default", { ...store, revision: 9 });
  memory.remember("default", { ...store, revision: 8, epoch: 2 });
  expect(memory.recall("default")).toEqual({ ...store, revision: 9, epoch: 3 });
  memory.remember("default", { ...store, uuid: "s2" });
  expect(memory.recall("default")).toEqual({ ...store, uuid: "s2" });
});

test("a file of an older program, without an epoch, is read", () => {
  const folder = `${scratch()}/stores`;
  const memory = openStoreMemory(folder);
  memory.remember("default", { ...store, epoch: 3 });
  fs.writeFileSync(`${folder}/default.revision`, "s1 0000000000000099\n");
  expect(memory.recall("default")).toEqual({ ...store, revision: 99, epoch: 3 });
  memory.remember("default", { ...store, epoch: 4 });
  expect(memory.recall("default")).toEqual({ ...store, revision: 99, epoch: 4 });
});

test("lineage and recoveries stay where a later ADD does not tell them, and what the node knows of former ones", () => {
  const memory = openStoreMemory(`${scratch()}/stores`);
  const whole = { ...store, recovery: "r2", formerRecoveries: ["r0", "r1"], lineage: "a" };
  memory.accept("default", whole);
  memory.remember("default", { ...store, recovery: "r2", formerRecoveries: ["r1"] });
  expect(memory.recall("default")).toEqual(whole);
  const fresh = openStoreMemory(`${scratch()}/others`);
  fresh.remember("default", { ...store, recovery: "r2", formerRecoveries: ["r1"] });
  expect(fresh.recall("default")?.formerRecoveries).toEqual(["r1"]);
});

test("accepting an older state of the same store forgets how far it had come", () => {
  const memory = openStoreMemory(`${scratch()}/stores`);
  memory.remember("default", { ...store, revision: 99, epoch: 7 });
  memory.accept("default", { ...store, revision: 5, epoch: 1 });
  expect(memory.recall("default")).toEqual({ ...store, revision: 5, epoch: 1 });
  expect(memory.spaces()).toEqual(["default"]);
});
