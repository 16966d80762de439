import { join } from "node:path";
import { requestFrame } from "../src/agent/socket/protocol.ts";
import { environment } from "../test/kit/cni.ts";
import { startController } from "../test/kit/controller.ts";
import { applyControllerService, applyFor } from "../test/kit/controller-service.ts";
import type { Machine } from "../test/kit/nodes/machine.ts";
import { IPAM, wireNetwork, writeNetwork } from "../test/kit/nodes/own-node.ts";
import type { Stage } from "../test/kit/nodes/stage.ts";
import { AgentCaller } from "./agent-caller.ts";

/** What gives pods their addresses while one round runs. */
export interface Side {
  readonly name: "kube-ipam" | "host-local";
  /** Starts all that this side has, and nothing of the other. */
  begin(stage: Stage): Promise<AsyncDisposable>;
}

/**
 * kube-ipam as the chart installs it: an agent on each node with its own account, a controller that leads and judges
 * annotations when they are applied, and the policies beside it.
 */
export const KUBE_IPAM: Side = {
  name: "kube-ipam",
  begin: async (stage) => {
    await using starting = new AsyncDisposableStack();
    for (const node of stage.nodes) {
      if (!node.agent().running()) await node.startAgent();
      starting.defer(() => node.agent().stop(40_000));
      await warmUp(node.machine());
    }
    const { kubernetes, etcd } = stage;
    await applyControllerService(kubernetes);
    const ipam = { etcdConfig: etcdConfigOf(etcd) };
    const controller = starting.use(await startController({ kubernetes, ipam }, {}, CHART_INTERVAL));
    await applyFor(controller, "admission/webhook.yaml", kubernetes);
    await kubernetes.kubectl("apply", "-f", join(ADMISSION, "policies.yaml"));
    starting.defer(async () => {
      await kubernetes.kubectl("delete", "-f", join(ADMISSION, "policies.yaml"));
      await kubernetes.kubectl("delete", "-f", join(ADMISSION, "webhook.yaml"));
    });
    await takeNetwork(stage, () => wireNetwork("1.0.0"));
    const running = starting.move();
    return { [Symbol.asyncDispose]: () => running.disposeAsync() };
  },
};

/** host-local, with a range for each node; nothing of kube-ipam runs. */
export const HOST_LOCAL: Side = {
  name: "host-local",
  begin: async (stage) => {
    for (const node of stage.nodes) await node.agent().stop(40_000);
    await takeNetwork(stage, hostLocal);
    return { [Symbol.asyncDispose]: async () => undefined };
  },
};

/** What runs for days is measured warm: the engine compiles what runs often. */
const WARM = 300;

/** Gives addresses to no pod at all, and takes them back. */
async function warmUp(machine: Machine): Promise<void> {
  const netns = "/run/netns/warm";
  await machine.exec("ip", "netns", "add", "warm");
  const caller = new AgentCaller(machine.path("run/kube-ipam/agent.sock"));
  const stdin = JSON.stringify({ cniVersion: "1.0.0", name: "lan", type: "macvlan", ipam: IPAM });
  for (let number = 0; number < WARM; number += 1) {
    const args = number % 2 === 0 ? "" : `IP=10.188.60.${number % 250}`;
    for (const verb of ["ADD", "DEL"] as const) {
      const env = environment(verb, { container: `warm-${number}`, ifname: "eth0", netns, args });
      const { exitCode, stdout } = await caller.call(requestFrame({ env, stdin }));
      if (exitCode !== 0) throw new Error(`${verb} to warm up: ${stdout}`);
    }
  }
  await machine.exec("ip", "netns", "delete", "warm");
}

const ADMISSION = join(import.meta.dir, "../deploy/admission");
/** Seconds between the leader's rounds where nothing else is configured. */
const CHART_INTERVAL = 30;

function etcdConfigOf({ client, endpoints }: Stage["etcd"]): object {
  return {
    etcdURL: endpoints.join(","),
    etcdCertFile: client?.certFile,
    etcdKeyFile: client?.keyFile,
    etcdTrustedCAFileFile: client?.trustedCaFile,
  };
}

async function takeNetwork(stage: Stage, network: (index: number) => object): Promise<void> {
  for (const [index, node] of stage.nodes.entries()) writeNetwork(node.machine(), network(index));
  // The runtime reads the file when it sees that it has changed; nothing else tells when it has.
  await Bun.sleep(2_000);
}

function hostLocal(index: number): object {
  const range = { rangeStart: `10.188.5${index}.1`, rangeEnd: `10.188.5${index}.250` };
  const ranges = [[{ subnet: "10.188.0.0/16", gateway: "10.188.0.1", ...range }]];
  return wireNetwork("1.0.0", { type: "host-local", ranges, routes: [{ dst: "0.0.0.0/0" }] });
}
