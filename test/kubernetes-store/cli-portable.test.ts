import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { AgentNode } from "../kit/agent-node.ts";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { addressesOf } from "../kit/cni.ts";
import { type Kubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import type { Finished } from "../kit/run.ts";
import { sharedEtcd } from "../kit/subject-etcd.ts";

/** `store export` and `store import` between the objects of a cluster's own API and etcd, on the built executable. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`export from Kubernetes: ${missing}`, () => {});

const DUAL = { ranges: [[{ subnet: "10.50.0.0/28" }], [{ subnet: "fd00:50::/64" }]], subnet: undefined };

describe.skipIf(missing !== undefined)("export from Kubernetes, and import", () => {
  const store = clusterStoreOfFile();

  /** As JSON; throws with the command's words where it failed. */
  async function parsed<T>(finished: Promise<Finished>): Promise<T> {
    const { exitCode, stderr, stdout } = await finished;
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  const listOf = (node: AgentNode, ...where: string[]) =>
    parsed<object[]>(node.command(["ip", "list", "-o", "json", ...where]));

  async function clear({ request }: Kubernetes): Promise<void> {
    for (const resource of ["addressrecords", "storerecords"])
      await request("DELETE", `/apis/store.kube-ipam.io/v1/${resource}`);
  }

  test("K337: all records come into etcd and back into an emptied store: the same list, and DELs free it", async () => {
    const etcd = await sharedEtcd({ tls: false });
    const prefix = `/portable/${process.pid}`;
    const elsewhere = ["--etcd-url", etcd.endpoints.join(","), "--etcd-prefix", prefix];
    const { folder } = store().kubernetes;
    await using node = store().node("n1", { ipam: DUAL });
    await using second = store().node("n2");
    const operate = (...args: string[]) => node.command(args);
    const [first = ""] = addressesOf(await node.add("c1"));
    await second.add("c2", "IP=10.50.0.9");
    await operate("ip", "reserve", "10.50.0.10", "--for", "StatefulSet/team-a/db", "--note", "room 5");
    await operate("ip", "reserve", "10.50.0.12/31", "--for", "printers");
    const before = await listOf(node);
    expect(before).toHaveLength(5);
    const exported = await operate("store", "export");
    expect(JSON.parse(exported.stdout)).toMatchObject({ from: { store: "Kubernetes" } });
    const file = folder.file("export.json");
    writeFileSync(file, exported.stdout);

    const own = ["--data-dir", folder.file("elsewhere"), "--run-dir", folder.file("elsewhere-run")];
    const there = [...elsewhere, ...own, "--node-name", "n1"];
    const dry = await parsed<object>(operate("store", "import", file, "--dry-run", "-o", "json", ...there));
    expect(dry).toMatchObject({ written: 0, conflicts: 0 });
    const into = await parsed<object>(operate("store", "import", file, "-o", "json", ...there));
    expect(into).toMatchObject({ written: (dry as { toWrite: number }).toWrite, conflicts: 0 });
    expect(await listOf(node, ...there)).toEqual(before);

    const back = folder.file("back.json");
    writeFileSync(back, (await operate("store", "export", ...there)).stdout);
    await clear(store().kubernetes);
    // Emptied, it is not the store that the node knows: who imports into it vouches for it.
    const refused = await operate("store", "import", back);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("store accept")]);
    expect((await operate("store", "accept")).exitCode).toBe(0);
    expect((await second.command(["store", "accept"])).exitCode).toBe(0);
    expect(await parsed<object>(operate("store", "import", back, "-o", "json"))).toMatchObject({
      conflicts: 0,
    });
    expect(await parsed<object>(operate("store", "import", back, "-o", "json"))).toMatchObject({
      written: 0,
    });
    expect(await listOf(node)).toEqual(before);
    const check = await operate("check", "--settle", "0", "--store-only", "-o", "json");
    expect(JSON.parse(check.stdout)).toMatchObject({ findings: [] });
    // A repeated ADD has its addresses, and each DEL frees what was its own.
    expect(addressesOf(await node.add("c1"))[0]).toBe(first);
    for (const finished of [await node.end("c1"), await second.end("c2")]) expect(finished.exitCode).toBe(0);
    expect(await store().stored()).toEqual([]);
  }, 120_000);

  test("K337: what stands in the way is named, by address, and nothing is written", async () => {
    await using node = store().node("n1");
    await node.add("c1", "IP=10.50.0.5");
    const file = store().kubernetes.folder.file("conflict.json");
    writeFileSync(file, (await node.command(["store", "export"])).stdout);
    expect((await node.end("c1")).exitCode).toBe(0);
    await node.add("other", "IP=10.50.0.5");
    const refused = await node.command(["store", "import", file]);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining(
        "nothing is written\n  the allocation of 10.50.0.5 in space default exists with different content",
      ),
    ]);
    expect((await store().stored()).map(({ container }) => container)).toEqual(["other"]);
  }, 60_000);
});
