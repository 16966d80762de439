import { AGENT_PORT } from "../test/kit/nodes/own-node.ts";
import { METRICS_PORT } from "../test/kit/nodes/runtime.ts";
import type { Stage } from "../test/kit/nodes/stage.ts";
import { recreate } from "../test/nodes/stories/churn.ts";
import { end, running, statefulSet } from "../test/nodes/stories/workloads.ts";
import type { Side } from "./cluster-sides.ts";
import { since, type Total, totalOf } from "./histograms.ts";
import { processTimes, ROLES, type Times } from "./process-times.ts";
import { sandboxTimes } from "./sandbox-times.ts";

/** What one round of one side has cost. */
export interface Round {
  /** Pods per second. */
  readonly created: number;
  readonly recreated: number;
  /** Milliseconds from kubelet's request to the runtime's answer, of each sandbox. */
  readonly sandboxes: readonly number[];
  /** CPU milliseconds of one pod's life. */
  readonly cpu: Times;
  /** The runtime's own account of `cni` set-ups: mean milliseconds. */
  readonly setUp: number;
  /** Mean milliseconds of an ADD in the agent; undefined where there is none. */
  readonly add?: number;
}

/** Creates pods with fixed addresses, deletes and re-creates all of them, and ends them: two lives for each. */
export async function measureRound(stage: Stage, side: Side, app: string, count: number): Promise<Round> {
  await using _ = await side.begin(stage);
  const [before, runtimeBefore, agentBefore] = await read(stage);
  const annotations = { "kube-ipam.ips": `10.188.40.0-10.188.40.${count - 1}` };
  const begin = performance.now();
  await stage.kubernetes.apply(statefulSet({ name: app, replicas: count, annotations }));
  const pods = await running(stage, app, count, 600_000);
  const created = count / seconds(begin);
  const again = performance.now();
  await recreate(stage, app, pods);
  const recreated = count / seconds(again);
  await end(stage, "statefulset", app);
  const [after, runtime, agent] = await read(stage);
  const add = mean(since(totalOf(agent, ADD, { verb: "ADD" }), totalOf(agentBefore, ADD, { verb: "ADD" })));
  const of = { operation_type: "set_up_pod" };
  return {
    created,
    recreated,
    sandboxes: stage.nodes.flatMap((node) => sandboxTimes(node.runtime().output(), `${app}-`)),
    cpu: perLife(before, after, 2 * count),
    setUp: mean(since(totalOf(runtime, SET_UP, of), totalOf(runtimeBefore, SET_UP, of))),
    ...(agent !== "" && { add }),
  };
}

const ADD = "kube_ipam_agent_verb_duration_seconds";
const SET_UP = "containerd_cri_network_plugin_operations_duration_seconds_seconds";

/** CPU times, and what the runtimes and the agents say of themselves; "" where there are no agents. */
async function read(stage: Stage): Promise<readonly [Times, string, string]> {
  const tell = async (port: number, path: string) => {
    const all = stage.nodes.map(({ address }) => fetch(`http://${address}:${port}${path}`));
    return (await Promise.all(all.map(async (each) => (await each).text()))).join("\n");
  };
  const hasAgents = stage.nodes.every((node) => node.agent().running());
  return [
    // The nodes' process 1 is called so by the kit.
    processTimes(([program = ""]) => program.endsWith("/init")),
    await tell(METRICS_PORT, "/v1/metrics"),
    hasAgents ? await tell(AGENT_PORT, "/metrics") : "",
  ];
}

function perLife(before: Times, after: Times, lives: number): Times {
  const entries = ROLES.map((role) => [role, (after[role] - before[role]) / lives]);
  return Object.fromEntries(entries) as Times;
}

function mean({ count, seconds }: Total): number {
  return count === 0 ? 0 : (seconds * 1_000) / count;
}

function seconds(begin: number): number {
  return (performance.now() - begin) / 1_000;
}
