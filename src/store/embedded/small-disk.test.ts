import { describe, expect, test } from "bun:test";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { allocation, deleteAll, putAll, putAllocation, readOne } from "../contract/fixtures.ts";
import { mountTmpfs, remount, withoutMounts } from "./testing/mounts.ts";
import { failureOf, useScratch } from "./testing/scratch.ts";

const scratch = useScratch();
const missing = withoutMounts(`${scratch.folder()}`);
if (missing !== undefined) console.log(`skipped: full and read-only disks (${missing})`);

describe.skipIf(missing !== undefined)("a disk of its own", () => {
  test("on a full disk addresses can still be given back, though none be taken; afterwards all is well", async () => {
    const folder = scratch.folder();
    using _disk = mountTmpfs(folder, "size=1500k");
    const file = `${folder}/kube-ipam.db`;
    const store = await scratch.open(folder);
    for (let n = 1; n <= 40; n++) await putAll(store, putAllocation(`10.1.2.${n}`));
    await store.close();
    fill(`${folder}/ballast`);

    // Each of these opens the store cold, as a run of the plugin does.
    const taking = await failureOf(withStore(folder, (cold) => putAll(cold, putAllocation("10.1.2.99"))));
    expect(taking).toMatchObject({
      kind: "no-space",
      message: `the store ${file} cannot grow: its file system is full`,
    });
    for (let n = 1; n <= 20; n++) {
      await withStore(folder, (cold) => deleteAll(cold, allocation(`10.1.2.${n}`)));
      fill(`${folder}/ballast`);
    }
    rmSync(`${folder}/ballast`);
    await withStore(folder, async (cold) => {
      expect(await readOne(cold, allocation("10.1.2.20"))).toBeUndefined();
      expect(await readOne(cold, allocation("10.1.2.21"))).toBeDefined();
      expect(await readOne(cold, allocation("10.1.2.99"))).toBeUndefined();
      await putAll(cold, putAllocation("10.1.2.99"));
    });
    expect(statSync(`${file}-spare`).size).toBe(256 * 1024);
  });

  test("a read-only disk is named with the way out; what it holds can be read", async () => {
    const folder = scratch.folder();
    using _disk = mountTmpfs(folder, "size=1500k");
    await withStore(folder, (store) => putAll(store, putAllocation("10.1.2.3")));
    remount(folder, "ro");
    const refusal = (file: string) => ({
      kind: "unwritable",
      message: expect.stringContaining(`the store ${file} cannot be opened for writing (`),
      remedy: "its folder (key dataDir) must be writable by root and not lie on a read-only file system",
    });
    const store = await scratch.open(folder);
    expect(await readOne(store, allocation("10.1.2.3"))).toBeDefined();
    expect(await failureOf(putAll(store, putAllocation("10.1.2.4")))).toMatchObject(
      refusal(`${folder}/kube-ipam.db`),
    );
    expect(await failureOf(deleteAll(store, allocation("10.1.2.3")))).toMatchObject(
      refusal(`${folder}/kube-ipam.db`),
    );
    await store.close();
    const fresh = `${folder}/new`;
    expect(await failureOf(scratch.open(fresh))).toMatchObject(refusal(`${fresh}/kube-ipam.db`));
  });
});

async function withStore<T>(
  folder: string,
  work: (store: Awaited<ReturnType<typeof scratch.open>>) => Promise<T>,
) {
  const store = await scratch.open(folder);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Takes all the space there is, to the last byte. */
function fill(path: string): void {
  for (let n = 0, size = 1024 * 1024; size >= 1024; ) {
    try {
      writeFileSync(path, new Uint8Array(size), { flag: "a" });
    } catch {
      size /= 2;
    }
    if (++n > 100) throw new Error("the disk does not get full");
  }
}
