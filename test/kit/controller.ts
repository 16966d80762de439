import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, startDaemon } from "./daemon.ts";
import type { Kubernetes } from "./kubernetes.ts";
import { loopbackPorts } from "./loopback-ports.ts";
import type { PodsOnNodes } from "./pods-on-nodes.ts";
import { eventually } from "./wait.ts";

const EXECUTABLE = process.env.KUBE_IPAM_EXECUTABLE ?? join(import.meta.dir, "../../dist/kube-ipam");
const RBAC = join(import.meta.dir, "../../deploy/rbac");
/** Where the shipped role has it. */
export const CONTROLLER_NAMESPACE = "kube-ipam";

/** One replica of the controller, as a process of the built executable with exactly the shipped role. */
export interface Controller extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly tlsPort: number;
  /** Value of a metric without labels, or with exactly those given as `{a="b"}`; undefined before it is there. */
  metric(name: string): Promise<number | undefined>;
  metrics(): Promise<string>;
  ready(): Promise<boolean>;
}

/** Applies the shipped role and gives a token of its service account. */
export async function controllerToken(kubernetes: Kubernetes): Promise<string> {
  for (const file of ["namespace.yaml", "controller.yaml"])
    await kubernetes.kubectl("apply", "-f", join(RBAC, file));
  const { kubectl } = kubernetes;
  return (await kubectl("-n", CONTROLLER_NAMESPACE, "create", "token", "kube-ipam-controller")).trim();
}

let count = 0;

/** Starts a replica and waits until it is ready. `settings` are further keys of its configuration file, `flags` of it. */
export async function startController(
  world: Pick<PodsOnNodes, "kubernetes" | "ipam">,
  settings: object = {},
  interval = 1,
  flags: readonly string[] = [],
): Promise<Controller> {
  const { folder } = world.kubernetes;
  const token = await controllerToken(world.kubernetes);
  const name = `controller-${count++}`;
  const config = folder.file(`${name}.json`);
  const kubeConfig = world.kubernetes.kubeConfig({ token });
  const { etcdConfig, store } = world.ipam;
  const own = store === undefined ? { etcdConfig } : { store, kubeConfig };
  writeFileSync(config, JSON.stringify({ ...own, ...settings }));
  const [port = 0, tlsPort = 0] = await loopbackPorts(2);
  const command = [
    EXECUTABLE,
    "controller",
    `--config=${config}`,
    `--kubeconfig=${kubeConfig}`,
    `--namespace=${CONTROLLER_NAMESPACE}`,
    `--interval=${interval}`,
    `--listen=127.0.0.1:${port}`,
    `--listen-tls=127.0.0.1:${tlsPort}`,
    ...flags,
  ];
  const daemon = startDaemon(name, command, folder, { PATH: "/usr/bin:/bin" });
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
  const metrics = async () => (await get("/metrics")).text();
  const controller: Controller = {
    daemon,
    tlsPort,
    metrics,
    metric: async (wanted) => {
      const line = (await metrics()).split("\n").find((text) => text.startsWith(`${wanted} `));
      return line === undefined ? undefined : Number(line.slice(wanted.length + 1));
    },
    ready: async () => (await get("/readyz").catch(() => undefined))?.ok === true,
    [Symbol.asyncDispose]: () => daemon.stop(10_000),
  };
  await eventually(async () => {
    if (!daemon.running()) throw new Error(`the controller ended: ${daemon.tail()}`);
    return (await controller.ready()) || undefined;
  }, 60_000).catch(async (failure) => {
    const tail = daemon.tail();
    await daemon.stop();
    throw new Error(`${String(failure)}\n${tail}`);
  });
  return controller;
}

/** Waits until one of the replicas leads, and tells which. */
export function leaderOf(controllers: readonly Controller[]): Promise<Controller> {
  return eventually(async () => {
    for (const controller of controllers) {
      if (!controller.daemon.running()) continue;
      if ((await controller.metric("kube_ipam_controller_leader")) === 1) return controller;
    }
    return undefined;
  }, 60_000);
}
