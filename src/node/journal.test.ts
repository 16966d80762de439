import { expect, test } from "bun:test";
import fs from "node:fs";
import type { JournalEntry } from "../ipam/node-port.ts";
import { mountTmpfs, withoutMounts } from "../store/embedded/testing/mounts.ts";
import { openJournal } from "./journal.ts";
import { openSpareFiles } from "./spare-files.ts";
import { modeOf, useScratch } from "./test-kit/scratch.ts";
import { thrown } from "./test-kit/thrown.ts";

const scratch = useScratch();
const open = (folder: string) => openJournal(folder, `${folder}-turn`);

function entryOf(container: string, requestId = "r1"): JournalEntry {
  return {
    version: 1,
    holder: {
      attachment: { network: "net1", container, ifname: "eth0" },
      pod: { namespace: "default", name: "db-0", uid: "u1" },
      node: "n1",
      nodeVerified: true,
      bootId: "b1",
      namespace: {
        path: "/run/netns/x",
        device: "4",
        inode: "4026532001",
        mountNamespace: "1",
        folder: "21:7",
      },
      requestId,
      cluster: "c1",
    },
    space: "default",
    addresses: ["10.1.2.3", "fd00::3"],
    storeUuid: "s1",
  };
}

const a = entryOf("a");
const idOfA = a.holder.attachment;

test("what was written is read back whole", () => {
  const journal = open(`${scratch()}/journal`);
  journal.write(a);
  expect(journal.read(idOfA)).toEqual(a);
  expect(journal.list()).toEqual([a]);
});

test("an entry without the optional parts is read back whole", () => {
  const journal = open(`${scratch()}/journal`);
  const { pod: _pod, cluster: _cluster, ...holder } = a.holder;
  const entry = { ...a, holder: { ...holder, namespace: { path: "/proc/1/ns/net" } } };
  journal.write(entry);
  expect(journal.read(idOfA)).toEqual(entry);
});

test("an empty journal answers without making a folder", () => {
  const folder = `${scratch()}/journal`;
  const journal = open(folder);
  expect([journal.read(idOfA), journal.list()]).toEqual([undefined, []]);
  journal.remove(idOfA);
  expect(fs.existsSync(folder)).toBe(false);
});

test("a later entry of the attachment replaces the earlier", () => {
  const journal = open(`${scratch()}/journal`);
  journal.write(a);
  journal.write(entryOf("a", "r2"));
  expect(journal.list().map((entry) => entry.holder.requestId)).toEqual(["r2"]);
});

test("ONLY-MINE: removing with a request ID spares another request's entry", () => {
  const journal = open(`${scratch()}/journal`);
  journal.write(entryOf("a", "r2"));
  journal.remove(idOfA, "r1");
  expect(journal.read(idOfA)?.holder.requestId).toBe("r2");
  journal.remove(idOfA, "r2");
  expect(journal.read(idOfA)).toBeUndefined();
});

test("entries are root's alone", () => {
  const folder = `${scratch()}/journal`;
  open(folder).write(a);
  expect([modeOf(folder), modeOf(`${folder}/net1@a@eth0.json`)]).toEqual(["700", "600"]);
});

test("a listing leaves out what is damaged, half-written, misnamed or no entry", () => {
  const folder = `${scratch()}/journal`;
  const journal = open(folder);
  journal.write(a);
  fs.writeFileSync(`${folder}/net1@b@eth0.json`, '{"version":1,');
  fs.writeFileSync(`${folder}/net1@c@eth0.json`, "");
  fs.writeFileSync(`${folder}/net1@d@eth0.json`, JSON.stringify({ ...entryOf("d"), addresses: "10.1.2.3" }));
  fs.writeFileSync(`${folder}/net1@e@eth0.json`, JSON.stringify(entryOf("f")));
  fs.writeFileSync(`${folder}/README`, "");
  fs.mkdirSync(`${folder}/net1@g@eth0.json`);
  expect(journal.list()).toEqual([a]);
});

test("a damaged entry is replaced and removed like any other", () => {
  const folder = `${scratch()}/journal`;
  const journal = open(folder);
  journal.write(a);
  fs.writeFileSync(`${folder}/net1@a@eth0.json`, "{");
  expect(journal.read(idOfA)).toBeUndefined();
  journal.write(a);
  expect(journal.read(idOfA)).toEqual(a);
  fs.writeFileSync(`${folder}/net1@a@eth0.json`, "{");
  journal.remove(idOfA);
  expect(fs.readdirSync(folder)).toEqual([]);
});

const missing = withoutMounts(`${scratch()}/disk`);
if (missing !== undefined) console.log(`skipped: a full disk (${missing})`);

test.skipIf(missing !== undefined)("on a full disk an entry is whole or not there", () => {
  using disk = mountTmpfs(scratch(), "size=16k");
  const folder = `${disk.folder}/journal`;
  const journal = open(folder);
  let written = 0;
  const fill = () => {
    for (; written < 100; written++) journal.write(entryOf(`c${written}`));
  };
  expect(thrown(fill)).toMatchObject({ name: "io", message: expect.stringContaining("(ENOSPC)") });
  expect(fs.readdirSync(folder)).toHaveLength(written);
  expect(journal.list()).toHaveLength(written);
  expect(written).toBeGreaterThan(0);
});

test("a file that is used again is begun like a new one, and never over an entry", () => {
  const folder = scratch();
  const spares = openSpareFiles(`${folder}/spare`);
  fs.mkdirSync(`${folder}/spare`);
  const journal = openJournal(`${folder}/journal`, `${folder}/turn`, spares);
  journal.write(a);
  journal.remove(idOfA);
  expect(spares.count).toBe(1);
  expect(journal.begin(entryOf("b"))).toBe(true);
  expect(spares.count).toBe(0);
  journal.remove(entryOf("b").holder.attachment);
  expect(spares.count).toBe(1);
  fs.writeFileSync(`${folder}/journal/net1@a@eth0.json`, JSON.stringify(a));
  expect(journal.begin(entryOf("a", "r2"))).toBe(false);
  expect([journal.list(), spares.count]).toEqual([[a], 1]);
});

test("an entry of a newer program is neither shown nor touched", () => {
  const folder = `${scratch()}/journal`;
  const journal = open(folder);
  const path = `${folder}/net1@a@eth0.json`;
  const newer = JSON.stringify({ version: 2, holder: "something else" });
  journal.write(a);
  fs.writeFileSync(path, newer);
  journal.remove(idOfA);
  journal.remove(idOfA, "r1");
  expect([journal.read(idOfA), journal.list()]).toEqual([undefined, []]);
  expect(thrown(() => journal.write(a))).toEqual({
    name: "io",
    message: `'${path}' was written by a newer kube-ipam`,
    details: "upgrade kube-ipam on this node",
  });
  expect(fs.readFileSync(path, "utf8")).toBe(newer);
});

test("BOUNDED: limited listings take turns, so that every entry has its own soon", () => {
  const folder = `${scratch()}/journal`;
  const journal = open(folder);
  const containers = ["a", "b", "c", "d", "e", "f", "g"];
  for (const container of containers) journal.write(entryOf(container));
  const turns = Array.from({ length: 4 }, () => open(folder).list(2));
  expect(turns.map((entries) => entries.length)).toEqual([2, 2, 2, 2]);
  const seen = turns.flat().map((entry) => entry.holder.attachment.container);
  expect([...new Set(seen)].sort()).toEqual(containers);
  expect(journal.list(7)).toHaveLength(7);
  expect(journal.list(0)).toEqual([]);
});

test("BOUNDED: none is passed over for ever where one more comes with each listing", () => {
  const folder = `${scratch()}/journal`;
  const journal = open(folder);
  const containers = Array.from({ length: 46 }, (_, n) => `c${n}`);
  for (const container of containers) journal.write(entryOf(container));
  const seen = new Set<string>();
  for (let run = 0; run < 8; run++) {
    for (const entry of journal.list(8)) seen.add(entry.holder.attachment.container);
    journal.write(entryOf(`later${run}`));
  }
  expect(containers.filter((container) => !seen.has(container))).toEqual([]);
});
