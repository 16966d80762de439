import { expect } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { ours } from "../kit/case.ts";
import { commandLine, json, operatorOf } from "../kit/cli.ts";
import { run } from "../kit/run.ts";
import type { World } from "../kit/world.ts";

/** `kube-ipam store import --from host-local` of folders that are not as host-local writes them, and `check` after it. */

interface Listed {
  readonly count: number;
  readonly shown: readonly { readonly entry: string; readonly address?: string; readonly held?: boolean }[];
}

interface Imported {
  readonly records: number;
  readonly damaged?: Listed;
  readonly noAddress?: Listed;
  readonly runtime?: { readonly containers: number; readonly known: number | null; readonly count: number };
}

/** A network whose runtime's CNI cache and host-local's folder lie in this world. */
function start(world: World, files: Readonly<Record<string, string>>) {
  const cache = world.place.folder.file("cni");
  const net = world.network({
    subnet: "10.1.2.0/24",
    nodeLocal: true,
    annotations: "off",
    cniCacheDir: cache,
  });
  const folder = world.place.folder.file("networks", "net1");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
  const operator = operatorOf(world, net);
  const source = [
    "--from",
    "host-local",
    "--folder",
    world.place.folder.file("networks"),
    "--network",
    "net1",
  ];
  return {
    net,
    folder,
    operator,
    cached: async (...containers: string[]) => {
      mkdirSync(`${cache}/results`, { recursive: true });
      const { path } = await world.makeNamespace();
      for (const container of containers) {
        const entry = {
          kind: "cniCacheV1",
          containerId: container,
          ifName: "eth0",
          networkName: "net1",
          netns: path,
        };
        writeFileSync(`${cache}/results/net1-${container}-eth0`, JSON.stringify({ ...entry, config: "" }));
      }
    },
    bring: (...args: string[]) => operator("store", "import", ...source, ...args),
    held: async () => {
      const items = await json<{ address: string; container: string; ifname: string }[]>(
        operator("ip", "list", "-o", "json"),
      );
      return items.map(({ address, container, ifname }) => `${address} ${container} ${ifname}`);
    },
  };
}

ours("M20", "one run names all that tells no container, and holds its address", async (world) => {
  const { bring, folder, held, net, operator } = start(world, {
    "10.1.2.5": "c5\r\neth0",
    "10.1.2.6": "",
    "10.1.2.7": "\0".repeat(70),
    "10.1.2.8": "../a b\r\neth0",
    "10.1.2.9": "c9\r\neth0/x",
    "10.1.2.10": "x".repeat(1_000_000),
  });
  mkdirSync(`${folder}/10.1.2.11`);
  symlinkSync("/nowhere", `${folder}/10.1.2.12`);
  symlinkSync("10.1.2.13", `${folder}/10.1.2.13`);
  await run(["mkfifo", `${folder}/10.1.2.14`]);
  const damaged = [6, 7, 8, 9, 10, 11, 12, 13, 14].map((n) => `10.1.2.${n}`);

  const dry = await json<Imported>(bring("--dry-run", "-o", "json"));
  expect(dry.damaged?.shown.map(({ address }) => address)).toEqual(damaged);
  const skipped = await json<Imported>(bring("--dry-run", "--skip-damaged", "-o", "json"));
  expect([skipped.records, skipped.damaged?.count]).toEqual([2, 9]);
  const done = await bring();
  expect(done.exitCode).toBe(0);
  for (const address of damaged) expect(done.stderr).toContain(`${folder}/${address}: `);
  expect(await held()).toEqual([
    "10.1.2.5 c5 eth0",
    ...damaged.map((address) => `${address} (unknown) (${address})`),
  ]);
  expect((await json<{ alreadyThere: number }>(bring("-o", "json"))).alreadyThere).toBe(20);
  await world.refused("ADD", net, { container: "x", args: "IP=10.1.2.6" }, { code: 101 });
  // The way out frees that address alone.
  expect((await operator("ip", "release", "--force", "10.1.2.6")).exitCode).toBe(0);
  expect(await held()).toHaveLength(9);
});

ours("M21", "an address in another spelling is that address", async (world) => {
  const { bring, held } = start(world, {
    "FD00::A": "c1\neth0\n",
    fd00__b: "c2",
    "010.1.2.9": "c3\r\neth0",
    "10.1.2.8": "c4\r\neth1",
  });
  const done = await json<Imported>(bring("-o", "json"));
  expect(done.damaged?.shown.map(({ address }) => address)).toEqual(["10.1.2.9"]);
  expect(await held()).toEqual([
    "10.1.2.8 c4 eth1",
    "10.1.2.9 (unknown) (10.1.2.9)",
    "fd00::a c1 eth0",
    "fd00::b c2 eth0",
  ]);
});

ours("M22", "what is no address is named, but for host-local's own files", async (world) => {
  const { bring, folder, held } = start(world, {
    "10.1.2.5": "c5\r\neth0",
    "10.1.2.6.tmp": "c6\r\neth0",
    "10.1.2": "c7",
    lock: "",
    "last_reserved_ip.0": "10.1.2.5",
  });
  const done = await json<Imported>(bring("-o", "json"));
  expect(done.noAddress?.shown.map(({ entry }) => entry)).toEqual([
    `${folder}/10.1.2`,
    `${folder}/10.1.2.6.tmp`,
  ]);
  expect(await held()).toEqual(["10.1.2.5 c5 eth0"]);
});

ours("M23", "containers that the runtime does not know are counted and named", async (world) => {
  const files = Object.fromEntries([5, 6, 7].map((n) => [`10.1.2.${n}`, `c${n}\r\neth0`]));
  const { bring, cached } = start(world, files);
  const unsure = await bring("--dry-run");
  expect(unsure.stderr).toContain("which of them live is unknown");
  expect((await json<Imported>(bring("--dry-run", "-o", "json"))).runtime?.known).toBeNull();
  await cached("c6");
  const told = await bring("--dry-run");
  expect(told.stderr).toStartWith(
    "warning: of 3 containers the runtime knows 1 (its CNI cache): leave the others out with --containers",
  );
  expect(told.stderr).toEndWith("  c5: 10.1.2.5\n  c7: 10.1.2.7\n");
  expect(told.stdout).toContain("knows 1 of 3 containers");
  const data = await json<Imported>(bring("--dry-run", "-o", "json"));
  expect(data.runtime).toMatchObject({ containers: 3, known: 1, count: 2 });
  await cached("c5", "c7");
  const fine = await bring();
  expect([fine.stderr, fine.exitCode]).toEqual(["", 0]);
});

ours("M24", "a list of containers that would leave out those that it means is refused", async (world) => {
  const { bring } = start(world, { "10.1.2.5": "0123456789abcdef\r\neth0" });
  const listed = async (text: string) => {
    const list = world.place.folder.file("list");
    writeFileSync(list, text);
    return bring("--containers", list);
  };
  const short = await listed("0123456789abc\n");
  expect([short.exitCode, short.stderr]).toEqual([
    1,
    expect.stringContaining("only the beginning of the container ID"),
  ]);
  const none = await listed("# one\ncontainerd://0123456789abcdef\n");
  expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining("line 2: expected 'CONTAINER'")]);
});

ours("M26, M27", "check speaks of what an import holds and nobody claims", async (world) => {
  const { bring, cached, operator } = start(world, {
    "10.1.2.5": "c5\r\neth0",
    "10.1.2.6": "c6\r\neth0",
    "10.1.2.7": "",
  });
  await cached("c5");
  await bring();
  const checked = await operator("check", "--settle", "0", "--conf-dir", "/nowhere", "-o", "json");
  const { findings } = JSON.parse(checked.stdout) as { findings: { reason: string; address: string }[] };
  expect(findings.map(({ reason, address }) => `${reason} ${address}`)).toEqual([
    "unclaimed 10.1.2.6",
    "unknown-holder 10.1.2.7",
  ]);
  expect(checked.exitCode).toBe(1);
});

ours("M29", "what acts on a terminal never reaches it as it is", async (world) => {
  const { bring, operator } = start(world, {
    "10.1.2.5": "c5\r\neth0",
    "10.1.2.6": "\u001b[2Jc6",
    "a\u001b[2J\u009b1m": "c7",
  });
  const printed = [await bring("--network", "net1"), await bring("-o", "json"), await bring("-o", "yaml")];
  const release = await operator("ip", "release", "--force", "10.1.2.6");
  const other = await commandLine(world, ["store", "import", "x\u001b[2J", "--from", "host-local"]);
  for (const { stderr, stdout } of [...printed, release, other])
    expect(stderr + stdout).not.toMatch(/(?![\t\n])\p{Cc}/u);
  expect(printed[0]?.stderr).toContain("a\\u001b[2J\\u009b1m");
});
