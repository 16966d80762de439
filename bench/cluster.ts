import { wireNetwork, writeNetwork } from "../test/kit/nodes/own-node.ts";
import { type Stage, startStage } from "../test/kit/nodes/stage.ts";
import { recreate } from "../test/nodes/stories/churn.ts";
import { end, running, statefulSet } from "../test/nodes/stories/workloads.ts";
import { machine, report } from "./report.ts";
import { sandboxTimes } from "./sandbox-times.ts";
import { markdown, median, ms, quantile } from "./statistics.ts";

/**
 * Pods created and re-created on a real cluster of two nodes, with fixed addresses from kube-ipam (agent,
 * etcd with mutual TLS) and with any address from host-local (a file on each node), alternating on the same
 * cluster. Runs below scripts/own-machine.sh. `--short` proves that the program works and nothing else.
 */

const SHORT = process.argv.includes("--short");
const PODS = SHORT ? 6 : 100;
const ROUNDS = SHORT ? 1 : 2;

interface Measured {
  /** Pods per second, of each round. */
  readonly created: number[];
  readonly recreated: number[];
  readonly sandboxes: number[];
}

const measured = { "kube-ipam": empty(), "host-local": empty() };
await using stage = await startStage({}, { newerRuntime: false });
// The first pods only warm the page cache.
await measure(stage, "warm", empty(), ours, 4);
for (let round = 0; round < ROUNDS; round += 1) {
  await measure(stage, `ours${round}`, measured["kube-ipam"], ours);
  await measure(stage, `theirs${round}`, measured["host-local"], hostLocal);
}
report({ bench: "cluster", text: comparison(), short: SHORT });

async function measure(
  on: Stage,
  app: string,
  into: Measured,
  network: (index: number) => object,
  count = PODS,
): Promise<void> {
  for (const [index, node] of on.nodes.entries()) writeNetwork(node.machine(), network(index));
  // The runtime reads the file when it sees that it has changed; nothing else tells when it has.
  await Bun.sleep(2_000);
  const annotations = { "kube-ipam.ips": `10.188.40.0-10.188.40.${count - 1}` };
  const begin = performance.now();
  await on.kubernetes.apply(statefulSet({ name: app, replicas: count, annotations }));
  const pods = await running(on, app, count, 600_000);
  into.created.push(count / seconds(begin));
  const again = performance.now();
  await recreate(on, app, pods);
  into.recreated.push(count / seconds(again));
  await end(on, "statefulset", app);
  for (const node of on.nodes) into.sandboxes.push(...sandboxTimes(node.runtime().output(), `${app}-`));
}

function ours(): object {
  return wireNetwork("1.0.0");
}

function hostLocal(index: number): object {
  const range = { rangeStart: `10.188.5${index}.1`, rangeEnd: `10.188.5${index}.250` };
  const ranges = [[{ subnet: "10.188.0.0/16", gateway: "10.188.0.1", ...range }]];
  return wireNetwork("1.0.0", { type: "host-local", ranges, routes: [{ dst: "0.0.0.0/0" }] });
}

function seconds(begin: number): number {
  return (performance.now() - begin) / 1_000;
}

function comparison(): string {
  const { "kube-ipam": first, "host-local": second } = measured;
  const rate = (title: string, of: (each: Measured) => readonly number[]) =>
    row(title, median(of(first)), median(of(second)), (value) => value.toFixed(2));
  const time = (title: string, share: number) =>
    row(title, quantile(first.sandboxes, share), quantile(second.sandboxes, share), ms);
  const table = markdown([
    ["what", "kube-ipam, fixed addresses", "host-local, any address", "ratio"],
    rate("pods created, per second", ({ created }) => created),
    rate("pods deleted and re-created, per second", ({ recreated }) => recreated),
    time("sandbox ready, median ms", 0.5),
    time("sandbox ready, p99 ms", 0.99),
  ]);
  return `Two nodes on ${machine()}, ${PODS} pods:\n\n${table}`;
}

function row(title: string, mine: number, theirs: number, text: (value: number) => string): string[] {
  return [title, text(mine), text(theirs), `${(mine / theirs).toFixed(2)} ×`];
}

function empty(): Measured {
  return { created: [], recreated: [], sandboxes: [] };
}
