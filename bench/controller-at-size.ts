import { readFileSync, writeFileSync } from "node:fs";
import { openEtcdStore } from "../src/store/etcd/open.ts";
import { type Controller, startController } from "../test/kit/controller.ts";
import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { podsOnNodes } from "../test/kit/pods-on-nodes.ts";
import { askedBy } from "../test/kit/rights.ts";
import { eventually } from "../test/kit/wait.ts";
import { addPod, endPod, fill, type LargeCluster } from "./large-cluster.ts";
import { machine, report } from "./report.ts";
import { residentMiB } from "./resident.ts";
import { markdown } from "./statistics.ts";

/**
 * What the leading controller costs in a cluster of 1,000 nodes and 100,000 pods with an address each, on a real API
 * server and a real etcd: memory, time of the processor and requests in rest and while pods come and go, and how soon
 * its gauges are right. `--short` proves that the program works, nothing else.
 */

const SHORT = process.argv.includes("--short");
const [NODES, PODS] = SHORT ? [50, 2_000] : [1_000, 100_000];
const [SETTLE_MS, REST_MS, CHURN_MS] = SHORT ? [5_000, 5_000, 5_000] : [60_000, 60_000, 60_000];
const PER_SECOND = 50;
const INTERVAL = 30;
const PATIENCE_MS = 240_000;
const RANGE = 'space="default",source="network",name="net1",family="4"';
const ALLOCATED = `kube_ipam_range_allocated_addresses{${RANGE}}`;
const LEADER = "kube_ipam_controller_leader";
const USER = "system:serviceaccount:kube-ipam:kube-ipam-controller";
const MIB = 1024 * 1024;

await using world = await podsOnNodes({ auditLog: "audit.log" });
const { kubernetes } = world;
const [member] = world.etcd.members;
if (member === undefined) throw new Error("expected an etcd");
const system = await eventually(() =>
  kubernetes
    .request<{ metadata: { uid: string } }>("GET", "/api/v1/namespaces/kube-system")
    .catch(() => undefined),
);
const store = await openEtcdStore(etcdSettings(world.etcd));
const large: LargeCluster = { nodes: NODES, kubernetes, store, cluster: system.metadata.uid };
await fill(large, PODS);

const rows = [["", ""]];
const tell = (what: string, value: string) => {
  rows.push([what, value]);
  console.log(`${what}: ${value}`);
};

let controller = await startController(world, {}, INTERVAL);
await rightAfter("its start", controller, Number.POSITIVE_INFINITY);
await eventually(
  async () => ((await gauge(controller, 'kube_ipam_findings{kind="leak"}')) === undefined ? undefined : true),
  PATIENCE_MS,
);
await Bun.sleep(SETTLE_MS);
tell("peak memory, from start to rest", `${peakMiB(controller)} MiB`);
tell("memory in rest", `${residentMiB(controller.daemon.pid)} MiB`);
await rest();
await churn();
await succeed();
await controller[Symbol.asyncDispose]();
await store.close();

report({
  bench: "controller-at-size",
  short: SHORT,
  text: `${NODES.toLocaleString("en")} nodes and ${PODS.toLocaleString("en")} pods with an address each, on ${machine()}:\n\n${markdown(rows)}`,
});

/** Undefined also from a controller that is too busy to answer. */
function gauge(of: Controller, name: string): Promise<number | undefined> {
  return of.metric(name).catch(() => undefined);
}

/** Until the gauge counts all allocations. */
async function rightAfter(what: string, of: Controller, before: number): Promise<void> {
  const began = performance.now();
  await eventually(async () => ((await gauge(of, LEADER)) === 1 ? true : undefined), PATIENCE_MS);
  const leads = performance.now();
  await eventually(async () => ((await gauge(of, ALLOCATED)) === PODS ? true : undefined), PATIENCE_MS);
  const since = Math.min(before, began);
  tell(
    `gauges are right after ${what}`,
    `${seconds(since)} s; ${seconds(leads)} s after it leads; ${(processorMs(of) / 1000).toFixed(1)} s of one processor`,
  );
}

async function rest(): Promise<void> {
  const cost = await measured(() => Bun.sleep(REST_MS));
  tell("in rest: time of one processor", `${(cost.processorMs / (REST_MS / 1000)).toFixed(1)} ms a second`);
  const minutes = REST_MS / 60_000;
  const each = (count: number) => (count / minutes).toFixed(0);
  tell("in rest: requests to etcd", `${each(cost.etcdRequests)} a minute`);
  tell("in rest: bytes that etcd sends", `${each(cost.etcdBytes / 1024)} KiB a minute`);
  tell(
    "in rest: requests to the API server",
    `${each(cost.apiRequests)} a minute (its Lease: ${each(cost.leaseRequests)})`,
  );
}

/** Pods come and go, at an even pace; as many end as begin. */
async function churn(): Promise<void> {
  resetPeak(controller);
  let done = 0;
  const cost = await measured(async () => {
    const begin = performance.now();
    for (; performance.now() - begin < CHURN_MS; done += 1) {
      const index = PODS + done;
      await addPod(large, index);
      await endPod(large, index);
      const due = begin + ((done + 1) * 1000) / PER_SECOND;
      await Bun.sleep(Math.max(0, due - performance.now()));
    }
  });
  tell("churn: pods that came and went", `${(done / (cost.ms / 1000)).toFixed(0)} a second`);
  tell(
    "churn: time of one processor",
    `${(cost.processorMs / (cost.ms / 1000)).toFixed(1)} ms a second, ${(cost.processorMs / done).toFixed(2)} ms for each pod`,
  );
  tell("churn: peak memory", `${peakMiB(controller)} MiB`);
}

/** The leader ends, and another one takes over. */
async function succeed(): Promise<void> {
  const second = await startController(world, {}, INTERVAL);
  const before = performance.now();
  await controller[Symbol.asyncDispose]();
  controller = second;
  await rightAfter("a change of leader", second, before);
  tell("peak memory of the new leader until then", `${peakMiB(second)} MiB`);
}

interface Cost {
  readonly ms: number;
  readonly processorMs: number;
  readonly etcdRequests: number;
  readonly etcdBytes: number;
  readonly apiRequests: number;
  readonly leaseRequests: number;
}

async function measured(work: () => Promise<void>): Promise<Cost> {
  const begin = performance.now();
  const before = await state();
  await work();
  const after = await state();
  const of = (key: keyof typeof before) => after[key] - before[key];
  return {
    ms: performance.now() - begin,
    processorMs: of("processorMs"),
    etcdRequests: of("etcdRequests"),
    etcdBytes: of("etcdBytes"),
    apiRequests: of("apiRequests"),
    leaseRequests: of("leaseRequests"),
  };
}

/** etcd tells of all its clients: in rest the controller is the only one. */
async function state() {
  const text = (await member?.metrics()) ?? "";
  const sum = (name: RegExp) =>
    text
      .split("\n")
      .filter((line) => name.test(line))
      .reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
  const asked = askedBy(kubernetes, USER);
  return {
    processorMs: processorMs(controller),
    etcdRequests: sum(/^grpc_server_started_total\{/),
    etcdBytes: sum(/^etcd_network_client_grpc_sent_bytes_total /),
    apiRequests: asked.length,
    leaseRequests: asked.filter(({ objectRef }) => objectRef?.resource === "leases").length,
  };
}

/** Time of the processor that it has used, in ticks of 10 ms. */
function processorMs({ daemon }: Controller): number {
  const fields = readFileSync(`/proc/${daemon.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function peakMiB({ daemon }: Controller): number {
  const status = readFileSync(`/proc/${daemon.pid}/status`, "utf8");
  return Math.round((Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024) / MIB);
}

function resetPeak({ daemon }: Controller): void {
  writeFileSync(`/proc/${daemon.pid}/clear_refs`, "5");
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
