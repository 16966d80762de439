import { existsSync } from "node:fs";
import { join } from "node:path";
import { CHART, helm } from "../helm.ts";
import type { Machine } from "./machine.ts";
import type { Stage } from "./stage.ts";

const ARCHIVE = join(import.meta.dir, "../../../dist/kube-ipam-image.tar");
const NAMESPACE = "kube-ipam";

/** No value at all: the README's one command. */
export const NO_VALUES: readonly string[] = [];

/** What docs/install.md tells an operator to do: the image on each node, and one command. Waits until all of it runs. */
export async function installChart(stage: Stage, values: readonly string[]): Promise<void> {
  for (const machine of stage.machines()) await importImage(machine);
  await helmOn(
    stage,
    ...["install", "kube-ipam", CHART, "--namespace", NAMESPACE, "--create-namespace"],
    ...values,
  );
  await rolledOut(stage);
}

/** The values of an installation on the stage's etcd; its Secret is there before. */
export async function valuesForEtcd(stage: Stage): Promise<string[]> {
  await stage.kubernetes.kubectl("apply", "-f", join(CHART, "rbac/namespace.yaml"));
  await makeSecret(stage);
  return [
    "--set=etcd.secret=kube-ipam-etcd",
    `--set-json=etcd.endpoints=${JSON.stringify(stage.etcd.endpoints)}`,
  ];
}

export async function uninstallChart(stage: Stage): Promise<void> {
  await helmOn(stage, "uninstall", "kube-ipam", `--namespace=${NAMESPACE}`, "--wait", "--timeout=3m");
}

/** Resolves when agents and controller are ready. */
export async function rolledOut({ kubernetes }: Stage): Promise<void> {
  for (const what of ["daemonset/kube-ipam-agent", "deployment/kube-ipam-controller"])
    await kubernetes.kubectl("-n", NAMESPACE, "rollout", "status", what, "--timeout=240s");
}

/** Kills, in turn, an agent and a controller, in turn by the kernel and by Kubernetes; others take over. */
export async function hurtCharted({ kubernetes, nodes }: Stage, round: number): Promise<void> {
  const node = nodes[round % 2 === 0 ? 0 : 1];
  const role = round % 4 < 2 ? "agent" : "controller";
  // The kubelet waits ever longer before it starts again what is killed ever again.
  if (round < 4) await killRole(node.machine(), role);
  else
    await kubernetes.kubectl("-n", NAMESPACE, "delete", "pods", ...podsOf(role, node.name), "--wait=false");
  await Bun.sleep(2_000 + Math.random() * 2_000);
}

function podsOf(role: string, node: string): string[] {
  return [`--selector=app.kubernetes.io/component=${role}`, `--field-selector=spec.nodeName=${node}`];
}

async function killRole(machine: Machine, role: string): Promise<void> {
  const find = `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q "kube-ipam ${role} " && echo \${p#/proc/}; done; true`;
  for (const pid of (await machine.exec("sh", "-c", find)).split("\n").filter((line) => line !== ""))
    await machine.tryExec(["kill", "-9", pid]);
}

async function importImage(machine: Machine): Promise<void> {
  if (!existsSync(ARCHIVE)) throw new Error(`expected an image at ${ARCHIVE}: run 'make image' first`);
  const there = await machine.exec("ctr", "-n", "k8s.io", "images", "ls", "-q");
  if (there.includes("localhost/kube-ipam:")) return;
  await machine.exec("ctr", "-n", "k8s.io", "images", "import", ARCHIVE);
}

async function makeSecret({ etcd, kubernetes }: Stage): Promise<void> {
  const found = await kubernetes.tryKubectl("-n", NAMESPACE, "get", "secret", "kube-ipam-etcd");
  if (found.exitCode === 0) return;
  await kubernetes.kubectl(
    ...["-n", NAMESPACE, "create", "secret", "generic", "kube-ipam-etcd"],
    `--from-file=tls.crt=${etcd.client?.certFile}`,
    `--from-file=tls.key=${etcd.client?.keyFile}`,
    `--from-file=ca.crt=${etcd.client?.trustedCaFile}`,
  );
}

async function helmOn({ kubernetes }: Stage, ...args: string[]): Promise<void> {
  const finished = await helm(...args, `--kubeconfig=${kubernetes.adminConfig}`);
  if (finished.exitCode !== 0) throw new Error(`helm ${args[0]}: ${finished.stderr}`);
}
