import { type Calls, countCalls } from "../test/kit/api-calls.ts";
import { type Stage, startStage } from "../test/kit/nodes/stage.ts";
import { asked } from "../test/kit/rights.ts";
import { end, running, statefulSet } from "../test/nodes/stories/workloads.ts";
import { measureRound, type Round } from "./cluster-round.ts";
import { HOST_LOCAL, KUBE_IPAM, type Side } from "./cluster-sides.ts";
import { callsTable, cpuTable, sandboxRatios, timesTable } from "./cluster-tables.ts";
import { machine, report } from "./report.ts";

/**
 * Pods created and re-created on a real cluster of two nodes, with fixed addresses from kube-ipam (agents with their
 * own account, controller, admission, etcd with mutual TLS) and with any address from host-local (a file on each
 * node), in turns on the same cluster; and what one pod's life asks of the API server. Runs below
 * scripts/own-machine.sh. `--short` proves that the program works and nothing else.
 */

const SHORT = process.argv.includes("--short");
const PODS = SHORT ? 6 : 30;
const ROUNDS = SHORT ? 1 : 3;

const rounds = { ours: [] as Round[], theirs: [] as Round[] };
await using stage = await startStage({ auditLog: "audit.log" }, { newerRuntime: false, ownAccounts: true });
// One pod at a time; these warm the page cache, too.
const dynamic = await callsOfOne(stage, "dynamic", {});
const fixed = await callsOfOne(stage, "fixed", { "kube-ipam.ip": "10.188.41.1" });
for (let round = 0; round < ROUNDS; round += 1) {
  // Whoever goes first changes from round to round: a cluster grows slower with its age.
  const sides = round % 2 === 0 ? [KUBE_IPAM, HOST_LOCAL] : [HOST_LOCAL, KUBE_IPAM];
  for (const side of sides) await measure(side, round);
}

const where = `two nodes on ${machine()}`;
report({
  bench: "cluster",
  text: `${PODS} pods, ${ROUNDS} rounds in turns, ${where}; the median sandbox, round by round: ${sandboxRatios(rounds)}.\n\n${timesTable(rounds)}`,
  short: SHORT,
});
report({ bench: "pod-cpu", text: `In the same rounds:\n\n${cpuTable(rounds)}`, short: SHORT });
report({ bench: "pod-calls", text: `One pod, alone:\n\n${callsTable(dynamic, fixed)}`, short: SHORT });

async function measure(side: Side, round: number): Promise<void> {
  const mine = side === KUBE_IPAM;
  const measured = await measureRound(stage, side, `${mine ? "ours" : "theirs"}${round}`, PODS);
  (mine ? rounds.ours : rounds.theirs).push(measured);
}

/** The calls from a pod's creation by its workload until it is gone, by the API server's audit log. */
async function callsOfOne(
  on: Stage,
  app: string,
  annotations: Readonly<Record<string, string>>,
): Promise<Calls[]> {
  await using _ = await KUBE_IPAM.begin(on);
  const before = asked(on.kubernetes).length;
  await on.kubernetes.apply(statefulSet({ name: app, annotations }));
  await running(on, app, 1);
  await end(on, "statefulset", app);
  return countCalls(asked(on.kubernetes).slice(before));
}
