import { cpSync } from "node:fs";
import type { Daemon } from "../daemon.ts";
import type { Folder } from "../folder.ts";
import type { Kubernetes } from "../kubernetes.ts";
import { DEBIAN_PLUGINS } from "../subject-host-local.ts";
import { eventually } from "../wait.ts";
import type { NodeImages } from "./images.ts";
import { prepareKubelet, startKubelet } from "./kubelet.ts";
import { bootMachine, type Machine } from "./machine.ts";
import { plugIn } from "./network.ts";
import { importImages, type RuntimeChoice, startRuntime } from "./runtime.ts";

export interface NodePlan {
  readonly name: string;
  /** Tells its cables apart: 1, 2, … */
  readonly index: number;
  readonly runtime?: RuntimeChoice;
  /** Called when the machine runs and before its runtime does: to write files, to start daemons. */
  readonly prepare?: (machine: Machine) => Promise<void>;
}

/** A node of a real cluster: a machine with containerd and kubelet, each a process to be hurt. */
export interface RealNode {
  readonly name: string;
  readonly address: string;
  isOn(): boolean;
  machine(): Machine;
  runtime(): Daemon;
  kubelet(): Daemon;
  startRuntime(): Promise<void>;
  startKubelet(): void;
  /** Resolves when Kubernetes says that the node is Ready. */
  ready(): Promise<void>;
  /** Pulls the plug. */
  powerOff(): Promise<void>;
  /** Starts the machine on the disk it had, with its daemons. */
  powerOn(): Promise<void>;
}

interface Site {
  readonly kubernetes: Kubernetes;
  readonly images: NodeImages;
  readonly disk: Folder;
}

/** Makes a node that is off. */
export function makeNode(plan: NodePlan, { disk, images, kubernetes }: Site): RealNode {
  const address = `172.30.0.${10 + plan.index}`;
  let machine: Machine | undefined;
  let runtime: Daemon | undefined;
  let kubelet: Daemon | undefined;
  const here = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error(`node ${plan.name} is off`);
    return part;
  };
  const node: RealNode = {
    name: plan.name,
    address,
    isOn: () => machine !== undefined,
    machine: () => here(machine),
    runtime: () => here(runtime),
    kubelet: () => here(kubelet),
    startRuntime: async () => {
      runtime = await startRuntime(here(machine), plan.runtime ?? {});
    },
    startKubelet: () => {
      kubelet = startKubelet(here(machine), address);
    },
    ready: async () => {
      await eventually(async () => {
        // It gives up where a crowded machine lets it wait for its Node for too long; systemd starts it again.
        if (machine !== undefined && kubelet?.running() === false) node.startKubelet();
        return isReady(kubernetes, plan.name);
      }, 300_000).catch(async (late) => {
        const { stdout } = await kubernetes.tryKubectl("describe", "node", plan.name);
        const started = kubelet
          ?.output()
          .split("\n")
          .filter((line) => /regist|CSINode|Fatal/.test(line));
        throw new Error(
          `${plan.name} is not Ready: ${String(late)}\n${stdout}\n${started?.join("\n")}\n${kubelet?.tail()}`,
        );
      });
    },
    powerOff: async () => {
      await machine?.powerOff();
      machine = runtime = kubelet = undefined;
    },
    powerOn: async () => {
      machine = await bootMachine(plan.name, disk, images.init);
      await plugIn(machine.pid, plan.index, address);
      await prepareKubelet(machine, kubernetes, address);
      cpSync(DEBIAN_PLUGINS, machine.path("opt/cni/bin"), { recursive: true });
      await plan.prepare?.(machine);
      await node.startRuntime();
      await importImages(machine, images.archives);
      node.startKubelet();
    },
  };
  return node;
}

interface NodeStatus {
  readonly status: { readonly conditions?: readonly { type: string; status: string }[] };
}

async function isReady(kubernetes: Kubernetes, name: string): Promise<true | undefined> {
  const path = `/api/v1/nodes/${name}`;
  const node = await kubernetes.request<NodeStatus>("GET", path).catch(() => undefined);
  const ready = node?.status.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True" || undefined;
}
