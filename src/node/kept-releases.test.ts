import { expect, test } from "bun:test";
import fs from "node:fs";
import type { KeptRelease } from "../ipam/node-port.ts";
import { countKept, keptIn, openKeptReleases, unreadableKept } from "./kept-releases.ts";
import { modeOf, useScratch } from "./test-kit/scratch.ts";
import { thrown } from "./test-kit/thrown.ts";

const scratch = useScratch();

function releaseOf(container: string, requestId?: string): KeptRelease {
  const attachment = { network: "net1", container, ifname: "eth0" };
  return { version: 1, attachment, node: "n1", ...(requestId && { requestId, storeUuid: "s1" }) };
}

test("a kept release is found by its attachment and in the list until it is dropped", () => {
  const kept = openKeptReleases(`${scratch()}/kept`);
  const [a, b] = [releaseOf("a", "r1"), releaseOf("b")];
  kept.keep(a);
  kept.keep(b);
  expect([kept.of(a.attachment), kept.of(b.attachment)]).toEqual([a, b]);
  expect(kept.list()).toHaveLength(2);
  kept.drop(a.attachment);
  expect([kept.of(a.attachment), kept.list()]).toEqual([undefined, [b]]);
  kept.drop(a.attachment);
});

test("all that wait are counted, and those that cannot be read are named", () => {
  const dataDir = scratch();
  expect([countKept(dataDir), unreadableKept(dataDir)]).toEqual([0, []]);
  openKeptReleases(keptIn(dataDir)).keep(releaseOf("a", "r1"));
  const [damaged, newer] = [`${keptIn(dataDir)}/damaged.json`, `${keptIn(dataDir)}/newer.json`];
  fs.writeFileSync(damaged, "{");
  fs.writeFileSync(newer, '{"version":99}');
  expect(countKept(dataDir)).toBe(3);
  expect(unreadableKept(dataDir).sort()).toEqual([damaged, newer]);
});

test("it outlives the process and is root's alone", () => {
  const folder = `${scratch()}/data/kept`;
  openKeptReleases(folder).keep(releaseOf("a", "r1"));
  expect(openKeptReleases(folder).list()).toEqual([releaseOf("a", "r1")]);
  expect([modeOf(folder), modeOf(`${folder}/net1@a@eth0.json`)]).toEqual(["700", "600"]);
});

test("a later DEL replaces an earlier one, unless it no longer knows which ADD it ends", () => {
  const kept = openKeptReleases(`${scratch()}/kept`);
  for (const requestId of [undefined, "r1", "r2", undefined]) kept.keep(releaseOf("a", requestId));
  expect(kept.list()).toEqual([releaseOf("a", "r2")]);
});

test("BOUNDED: a full queue refuses new releases and still replaces old ones", () => {
  const folder = `${scratch()}/kept`;
  const kept = openKeptReleases(folder, 2);
  kept.keep(releaseOf("a", "r1"));
  kept.keep(releaseOf("b", "r1"));
  expect(thrown(() => kept.keep(releaseOf("c", "r1")))).toEqual({
    name: "io",
    message: `2 kept DELs wait in '${folder}' already; no more are kept`,
    details: "bring the store back: the next plugin run or the agent then replays them",
  });
  kept.keep(releaseOf("a", "r2"));
  expect(kept.of(releaseOf("a").attachment)?.requestId).toBe("r2");
});

test("a release of a newer program is neither shown nor touched", () => {
  const folder = `${scratch()}/kept`;
  const kept = openKeptReleases(folder);
  const path = `${folder}/net1@a@eth0.json`;
  kept.keep(releaseOf("a", "r1"));
  fs.writeFileSync(path, '{"version":2}');
  kept.drop(releaseOf("a").attachment);
  expect(kept.list()).toEqual([]);
  expect(thrown(() => kept.keep(releaseOf("a", "r2"))).message).toBe(
    `'${path}' was written by a newer kube-ipam`,
  );
  expect(fs.readFileSync(path, "utf8")).toBe('{"version":2}');
});

test("a folder that cannot be written is an error with a way out, and nothing is kept", () => {
  const base = scratch();
  fs.writeFileSync(`${base}/data`, "");
  const kept = openKeptReleases(`${base}/data/kept`);
  expect(thrown(() => kept.keep(releaseOf("a", "r1")))).toEqual({
    name: "io",
    message: `cannot read '${base}/data/kept/net1@a@eth0.json': a part of the path is a file (ENOTDIR)`,
    details: "remove that file, or set 'dataDir' to a folder",
  });
});
