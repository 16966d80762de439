import { startEtcd } from "../../test/kit/etcd.ts";
import type { Kubernetes } from "../../test/kit/kubernetes.ts";
import { sumOf } from "../../test/kit/metric.ts";
import { type AgentOnStore, adder, agentOnEtcd, agentOnKubernetes, deleter } from "../agent-on-store.ts";
import { processorMs } from "../processor.ts";
import { residentMiB } from "../resident.ts";
import { markdown } from "../statistics.ts";
import { perSecond, storeServer } from "./server.ts";

const AT_ONCE = 64;
const WARM = 300;

interface State {
  readonly residentMiB: number;
  /** What is in use after a collection of garbage. */
  readonly heapBytes: number;
  readonly etcdBytes: number;
}

/** What an address takes of API server and etcd while it is held, and what its ADD and DEL cost them, beside the store on etcd. */
export async function memoryOfAddresses(short: boolean): Promise<string> {
  const held = short ? 200 : 10_000;
  const pairs = short ? 50 : 1_500;
  const rows = [await onKubernetes(held, pairs), await onEtcd(held, pairs)];
  const head = [
    "store",
    "resident MiB before",
    `with ${held} addresses`,
    "KiB each",
    "heap in use, KiB each",
    "etcd's file, KiB each",
    "ADD + DEL: API server, CPU ms",
    "etcd, CPU ms",
    "agent, CPU ms",
  ];
  const note =
    "Resident is the API server's memory, and etcd's where there is none; written by ADDs, 64 at once:";
  return `${note}\n\n${markdown([head, ...rows])}`;
}

async function onKubernetes(held: number, pairs: number): Promise<string[]> {
  await using kubernetes = await storeServer();
  await using agent = await agentOnKubernetes(kubernetes);
  const [etcdPid] = kubernetes.pids();
  if (etcdPid === undefined) throw new Error("expected the API server's etcd");
  const state = () => stateOf(kubernetes);
  const apiServer = kubernetes.apiServer.pid();
  return await measure("Kubernetes", agent, { apiServer, etcd: etcdPid }, state, held, pairs);
}

async function onEtcd(held: number, pairs: number): Promise<string[]> {
  await using cluster = await startEtcd({ version: "3.6", tls: true, durable: true });
  await using agent = await agentOnEtcd(cluster);
  const [member] = cluster.members;
  if (member === undefined) throw new Error("expected a member of etcd");
  const state = async (): Promise<State> => {
    const text = await member.metrics();
    return {
      residentMiB: residentMiB(member.pid()),
      heapBytes: sumOf(text, "go_memstats_heap_alloc_bytes"),
      etcdBytes: sumOf(text, DB_BYTES),
    };
  };
  return await measure("etcd mTLS", agent, { etcd: member.pid() }, state, held, pairs);
}

const DB_BYTES = "etcd_mvcc_db_total_size_in_use_in_bytes";

async function stateOf({ apiServer, etcd, kubectl }: Kubernetes): Promise<State> {
  await kubectl("get", "--raw", "/debug/pprof/heap?gc=1");
  const own = await kubectl("get", "--raw", "/metrics");
  const metrics = await (await fetch(`${etcd}/metrics`)).text();
  return {
    residentMiB: residentMiB(apiServer.pid()),
    heapBytes: sumOf(own, "go_memstats_heap_alloc_bytes"),
    etcdBytes: sumOf(metrics, DB_BYTES),
  };
}

interface Pids {
  readonly apiServer?: number;
  readonly etcd: number;
}

async function measure(
  title: string,
  { door, pid }: AgentOnStore,
  { apiServer, etcd }: Pids,
  state: () => Promise<State>,
  held: number,
  pairs: number,
): Promise<string[]> {
  const [add, del] = [adder(door), deleter(door)];
  // What the first requests of each kind need is not the addresses'.
  await perSecond(0, WARM, AT_ONCE, add);
  await perSecond(0, WARM, AT_ONCE, del);
  const before = await state();
  await perSecond(WARM, held, AT_ONCE, add);
  const after = await state();
  const cpu = () => [apiServer, etcd, pid].map((of) => (of === undefined ? undefined : processorMs(of)));
  const began = cpu();
  await perSecond(WARM + held, pairs, AT_ONCE, async (n) => {
    await add(n);
    await del(n);
  });
  const used = cpu().map((now, index) =>
    now === undefined ? "" : ((now - (began[index] ?? 0)) / pairs).toFixed(2),
  );
  const each = (bytes: number) => (bytes / 1024 / held).toFixed(2);
  return [
    title,
    String(before.residentMiB),
    String(after.residentMiB),
    each((after.residentMiB - before.residentMiB) * 1024 * 1024),
    each(after.heapBytes - before.heapBytes),
    each(after.etcdBytes - before.etcdBytes),
    ...used,
  ];
}
