import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { alone, embedded, ours } from "../kit/case.ts";
import { tool } from "../kit/run.ts";
import { storeFiles } from "../kit/store-files.ts";
import type { Configuration, World } from "../kit/world.ts";

/** The embedded store's folder on a machine that is not well: readable errors, nothing half done. */

const SUBNET = { subnet: "10.1.2.0/24" };

const modern = (net: Configuration) => ({ ...net, cniVersion: "1.1.0" });

ours("K15", "a full disk is error 106 and names the folder; what was held is freed later", async (world) => {
  const dataDir = world.place.folder.file("small-disk");
  mkdirSync(dataDir);
  await tool("mount", "-t", "tmpfs", "-o", "size=1m", "small-disk", dataDir);
  try {
    const net = world.network({ ...SUBNET, dataDir });
    await world.add(net, { container: "before" });
    fill(`${dataDir}/ballast`);
    await world.refused("ADD", net, { container: "after" }, { code: 106, text: /small-disk/ });
    await world.refused("STATUS", modern(net), {}, { code: 50, text: /small-disk.*is full/ });
    const del = await world.run("DEL", net, { container: "before" });
    if (del.exitCode !== 0) expect(world.refusal(del, { code: 106 })).not.toMatch(/not found/);
    rmSync(`${dataDir}/ballast`);
    await world.quietly("STATUS", modern(net));
    await world.del(net, { container: "before" });
    expect(await world.address(net, { container: "after", args: "IP=10.1.2.2" })).toBe("10.1.2.2");
  } finally {
    await tool("umount", dataDir);
  }
});

ours("106", "a read-only folder is error 106 and names it", async (world) => {
  const dataDir = world.place.folder.file("read-only");
  mkdirSync(dataDir);
  await tool("mount", "-t", "tmpfs", "-o", "ro", "read-only", dataDir);
  try {
    const net = world.network({ ...SUBNET, dataDir });
    await world.refused("ADD", net, {}, { code: 106, text: /read-only/ });
    await world.refused("STATUS", modern(net), {}, { code: 50, text: /read-only/ });
  } finally {
    await tool("umount", dataDir);
  }
});

for (const key of ["dataDir", "runDir"]) {
  alone("E30", `STATUS fails where ${key} has become read-only, and leaves nothing`, async (world) => {
    const folder = world.place.folder.file("remounted");
    mkdirSync(folder);
    await tool("mount", "-t", "tmpfs", "remounted", folder);
    try {
      const net = modern(world.network({ ...SUBNET, [key]: folder }));
      await world.add(net);
      const files = readdirSync(folder).sort();
      await world.quietly("STATUS", net);
      expect(readdirSync(folder).sort()).toEqual(files);
      await tool("mount", "-o", "remount,ro", folder);
      await world.refused("STATUS", net, {}, { code: 50, text: /remounted/ });
      await tool("mount", "-o", "remount,rw", folder);
      await world.quietly("STATUS", net);
    } finally {
      await tool("umount", folder);
    }
  });
}

ours("K17", "a corrupt file is error 106, names it, and is left as it is", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net);
  const [file = ""] = await storeFiles(world.place.folder.file("data"));
  const ruined = new Uint8Array(8192).fill(0x5a);
  writeFileSync(file, ruined);
  for (const verb of ["ADD", "DEL"]) {
    const text = await world.refused(verb, net, { container: "c2" }, { code: 106 });
    expect(text).toContain(file);
    expect(text).not.toContain("not found");
  }
  expect(new Uint8Array(await Bun.file(file).arrayBuffer())).toEqual(ruined);
});

ours("106", "a file of a newer version is error 106 and is left as it is", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net);
  const [file = ""] = await storeFiles(world.place.folder.file("data"));
  const database = new Database(file);
  database.run("PRAGMA user_version = 999");
  database.close();
  await world.refused("ADD", net, { container: "c2" }, { code: 106, text: /999/ });
});

ours("ONE-STORE", "a store that vanished is refused, not begun anew", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net);
  for (const file of await storeFiles(world.place.folder.file("data"))) {
    await tool("sh", "-c", 'rm -f "$0" "$0-wal" "$0-shm"', file);
  }
  await world.refused("ADD", net, { container: "c2" }, { code: 106 });
});

embedded("nodeLocal", "with pods the embedded store wants nodeLocal: true", async (world) => {
  const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_UID=u1";
  const cluster = world.network({ ...SUBNET, annotations: "off" });
  await world.refused("ADD", cluster, { args }, { code: 7, text: /nodeLocal/ });
  await world.add(world.network({ ...SUBNET, annotations: "off", nodeLocal: true }), { args });
});

ours("A25", "no stack trace and no secret reaches the runtime", async (world) => {
  const finished = await everyFault(world);
  for (const { stdout, stderr } of finished) {
    expect(stdout + stderr).not.toMatch(/\n\s+at |node_modules|\/src\//);
  }
});

async function everyFault(world: World) {
  const faults = [
    world.network({ ...SUBNET, dataDir: "/dev/null/data" }),
    world.network({ ...SUBNET, runDir: "/dev/null/run" }),
    world.network({ ...SUBNET, dataDir: 7 }),
    "null",
    '{"cniVersion":"1.0.0","name":"n","ipam":null}',
  ];
  return Promise.all(
    faults.flatMap((fault) => ["ADD", "DEL", "CHECK"].map((verb) => world.run(verb, fault))),
  );
}

/** Writes until the disk takes no more. */
function fill(path: string): void {
  try {
    writeFileSync(path, new Uint8Array(4 * 1024 * 1024));
  } catch {
    // The disk is full now, as it should be.
  }
}
