import { readFileSync } from "node:fs";
import type { Kubernetes } from "../../test/kit/kubernetes.ts";
import { pod, setNode } from "../../test/kit/kubernetes-objects.ts";
import { kubeIpamOnThisKubernetes } from "../../test/kit/subject-kubernetes.ts";
import { World } from "../../test/kit/world.ts";
import { adder, agentOnKubernetes, caller, deleter } from "../agent-on-store.ts";
import { markdown, median } from "../statistics.ts";
import { type Asked, AUDIT_LOG, askedDuring, roundTrips } from "./audited.ts";
import { storeServer } from "./server.ts";

const TOGETHER = 64;
/** In which the first pod of the hand-over still runs. */
const WAIT_MS = 1_000;
/** Agents that just started have looked at all that their nodes hold. */
const SETTLE_MS = 5_000;

/** What the verbs ask of the API server, by its audit log. */
export async function requestsOfVerbs(short: boolean): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const kubernetes = stack.use(await storeServer({ auditLog: AUDIT_LOG }));
  const rows: string[][] = [];
  const count = async (title: string, runs: number, run: (n: number) => Promise<unknown>, per = 1) => {
    const measured: Measured[] = [];
    for (let n = 0; n < runs; n += 1) measured.push(await askedDuring(kubernetes, () => run(n)));
    rows.push(row(title, measured, per));
  };
  const started = async (node: string) => stack.use(await agentOnKubernetes(kubernetes, node));
  const times = short ? 1 : 7;

  const first = await started("node1");
  const add = adder(first.door);
  const del = deleter(first.door);
  await count("the first ADD of a cluster", 1, () => add(0));
  const later = await Promise.all(["node2", ...(short ? [] : ["node3", "node4"])].map(started));
  await count("ADD, an agent's first", later.length, (n) => adder(later[n]?.door ?? first.door)(n));
  await count("ADD, warm", times, (n) => add(100 + n));
  await count("DEL", times, (n) => del(100 + n));
  const burst = (n: number) => Array.from({ length: TOGETHER }, (_, each) => 1_000 + n * TOGETHER + each);
  await count(`${TOGETHER} ADDs at once, each`, times, (n) => Promise.all(burst(n).map(add)), TOGETHER);
  await count(`${TOGETHER} DELs at once, each`, times, (n) => Promise.all(burst(n).map(del)), TOGETHER);

  const call = caller(first.door);
  const fixed = (verb: "ADD" | "DEL", n: number, life: string) =>
    succeed(call(verb, `fixed-${life}-${n}`, `IgnoreUnknown=1;IP=10.99.0.${n + 1}`));
  await count("ADD, fixed address", times, (n) => fixed("ADD", n, "a"));
  await count("DEL, fixed address", times, (n) => fixed("DEL", n, "a"));
  await count("ADD, fixed address again", times, (n) => fixed("ADD", n, "b"));

  const handOver = await handOverOf(kubernetes, await Promise.all(["node8", "node9"].map(started)));
  const title = `hand-over: ADD that waits ${WAIT_MS / 1000} s for the DEL on another node, with that DEL`;
  await count(title, 1, handOver);

  const world = stack.use(await World.open(kubeIpamOnThisKubernetes(kubernetes)));
  const network = world.network({ subnet: "10.1.0.0/16" });
  await world.add(network, { container: "first" });
  await count("plugin alone: ADD", times, (n) => world.add(network, { container: `alone-${n}` }));
  await count("plugin alone: DEL", times, (n) => world.del(network, { container: `alone-${n}` }));

  const head = ["what", "requests", "of them writes", "of them before the answer", "one after the other"];
  const note =
    "Medians, and of what comes one after the other the least: a crowded machine adds to it. With what Kubernetes is asked of pods and nodes, and with what an agent does after the answer:";
  return `${note}\n\n${markdown([head, ...rows])}`;
}

interface Measured {
  readonly all: readonly Asked[];
  readonly before: readonly Asked[];
}

function row(title: string, measured: readonly Measured[], per: number): string[] {
  const of = (value: (measured: Measured) => number, shared: number) => {
    const middle = median(measured.map(value)) / shared;
    return Number.isInteger(middle) ? String(middle) : middle.toFixed(2);
  };
  return [
    title,
    of(({ all }) => all.length, per),
    of(({ all }) => all.filter(({ verb }) => WRITES.includes(verb)).length, per),
    of(({ before }) => before.length, per),
    String(Math.min(...measured.map(({ before }) => roundTrips(before)))),
  ];
}

const WRITES = ["create", "update", "patch", "delete"];

/** A pod with a fixed address is replaced by one of its name on another node, while it still runs. */
async function handOverOf(
  kubernetes: Kubernetes,
  nodes: readonly Awaited<ReturnType<typeof agentOnKubernetes>>[],
): Promise<() => Promise<void>> {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const names = ["node8", "node9"];
  for (const name of names) await setNode(kubernetes, name, { ready: "True", bootId });
  const calls = nodes.map(({ door }) => caller(door));
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
  await kubernetes.apply({ ...account, metadata: { ...account.metadata, namespace: "default" } });
  const started = async (index: number) => {
    const annotations = { "kube-ipam.ip": "10.98.0.1" };
    await kubernetes.apply(pod({ name: "db-0", node: names[index] ?? "", annotations }));
    const uid = await kubernetes.kubectl("get", "pod", "db-0", "-o", "jsonpath={.metadata.uid}");
    return `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=db-0;K8S_POD_UID=${uid}`;
  };
  const verb = (index: number, name: "ADD" | "DEL", args: string) => {
    const answer = calls[index]?.(name, `db-0-${index}`, args);
    if (answer === undefined) throw new Error("expected two nodes");
    return succeed(answer);
  };
  const [first, second] = nodes.map(({ door }) => adder(door));
  await Promise.all([first?.(1), second?.(2)]);
  const old = await started(0);
  await verb(0, "ADD", old);
  await kubernetes.kubectl("delete", "pod", "db-0", "--force", "--grace-period=0");
  const replacement = await started(1);
  await Bun.sleep(SETTLE_MS);
  return async () => {
    const adding = verb(1, "ADD", replacement);
    await Bun.sleep(WAIT_MS);
    await verb(0, "DEL", old);
    await adding;
  };
}

async function succeed(answer: ReturnType<ReturnType<typeof caller>>): Promise<void> {
  const { exitCode, stdout } = await answer;
  if (exitCode !== 0) throw new Error(`a verb failed: ${stdout}`);
}
