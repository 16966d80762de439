import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { ours } from "../kit/case.ts";
import { commandLine, operatorOf } from "../kit/cli.ts";
import type { World } from "../kit/world.ts";

/** `kube-ipam check` on the built executable, by the store and this node's word; test/cluster has Kubernetes'. */

interface Report {
  readonly findings: readonly { readonly kind: string; readonly reason: string; readonly address: string }[];
  readonly judged: { readonly allocations: number; readonly pods: number };
  readonly witnesses: { readonly kubernetes: string | null; readonly node: string | null };
}

async function start(world: World) {
  const net = world.network({ subnet: "10.1.2.0/24", nodeLocal: true, annotations: "off" });
  const operator = operatorOf(world, net);
  const check = async (...args: string[]) => {
    const finished = await operator(
      "check",
      "--settle",
      "0",
      "--conf-dir",
      "/nowhere",
      "-o",
      "json",
      ...args,
    );
    const report = JSON.parse(finished.stdout) as Report;
    const found = report.findings.map(({ kind, reason, address }) => `${kind} ${reason} ${address}`);
    return { ...finished, report, found };
  };
  return { net, operator, check };
}

ours("check", "finds nothing where nothing is wrong, and says whom it asked", async (world) => {
  const { net, operator, check } = await start(world);
  await world.add(net, { container: "a" });
  const { exitCode, found, report, stderr } = await check();
  expect([exitCode, found]).toEqual([0, []]);
  expect(report.judged).toEqual({ allocations: 1, pods: 0 });
  // Where Kubernetes is the store, its credentials are at hand.
  const { cluster: asked = false } = world.subject;
  expect(report.witnesses).toEqual({ kubernetes: asked ? expect.any(String) : null, node: "node1" });
  expect(stderr).toStartWith("1 allocations, 0 pods: nothing is wrong\n");
  expect(stderr.includes("note: Kubernetes was not asked")).toBe(!asked);
  expect((await operator("check", "--settle", "0")).stdout).toBe("");
});

ours("check", "a dead namespace is a leak, with what to do, and exit code 1", async (world) => {
  const { net, operator, check } = await start(world);
  const namespace = await world.makeNamespace();
  await world.add(net, { container: "dead", netns: namespace.path });
  await world.add(net, { container: "dead", netns: namespace.path, ifname: "net1" });
  await namespace.remove();
  const { exitCode, found } = await check();
  expect([exitCode, found]).toEqual([1, ["leak namespace-gone 10.1.2.2", "leak namespace-gone 10.1.2.3"]]);
  const table = await operator("check", "--settle", "0");
  expect(table.stderr).toStartWith("2 allocations, 0 pods: 2 leaks\n");
  expect(table.stdout).toContain("its network namespace is gone. Do: 'kube-ipam gc' frees it\n");
  // Nobody else's word about it is asked for.
  expect((await check("--store-only")).found).toEqual([]);
});

ours("check", "records that contradict each other", async (world) => {
  const { net, operator, check } = await start(world);
  await world.add(net, { container: "a" });
  const exported = JSON.parse((await operator("store", "export")).stdout);
  await world.del(net, { container: "a" });
  const records = exported.records.filter(({ ref }: { ref: { kind: string } }) => ref.kind !== "attachment");
  const half = world.place.folder.file("half.json");
  writeFileSync(half, JSON.stringify({ ...exported, records }));
  await operator("store", "import", half);
  const { exitCode, found } = await check("--store-only");
  expect([exitCode, found]).toEqual([1, ["inconsistent no-attachment 10.1.2.2"]]);
});

ours("check", "what cannot be asked is an error, never 'nothing is wrong'", async (world) => {
  const { net, operator } = await start(world);
  await world.add(net, { container: "a" });
  const unreadable = await operator("check", "--kubeconfig", "/nowhere");
  expect([unreadable.exitCode, unreadable.stdout]).toEqual([world.subject.cluster ? 4 : 1, ""]);
  expect(unreadable.stderr).toStartWith("error: the Kubernetes credentials in /nowhere cannot be used\n");
  const storeless = await commandLine(world, ["check", "--etcd-url", "http://127.0.0.1:1", "--timeout", "1"]);
  expect([storeless.exitCode, storeless.stdout]).toEqual([4, ""]);
});
