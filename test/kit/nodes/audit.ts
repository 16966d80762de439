import type { Kubernetes } from "../kubernetes.ts";
import { run } from "../run.ts";
import type { Machine } from "./machine.ts";
import { BUILD } from "./own-node.ts";
import { type LiveSandbox, liveSandboxes } from "./sandboxes.ts";

interface Held {
  readonly state: "allocated" | "reserved";
  readonly address: string;
  readonly container: string;
  readonly node: string;
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string };
    readonly spec: { readonly hostNetwork?: boolean; readonly nodeName?: string };
    readonly status: { readonly phase?: string; readonly podIP?: string };
  }[];
}

/**
 * Compares the store, Kubernetes' pods, and what the pods' network namespaces really hold. What is under
 * way is given time: resolves with what is still wrong after that, empty when all three agree.
 */
export async function audit(
  kubernetes: Kubernetes,
  machines: readonly Machine[],
  limit = 60_000,
): Promise<readonly string[]> {
  const end = performance.now() + limit;
  for (;;) {
    // What cannot be looked at is no agreement either.
    const faults = await look(kubernetes, machines).catch((failure) => [`not looked at: ${String(failure)}`]);
    if (faults.length === 0 || performance.now() > end) return faults;
    await Bun.sleep(300);
  }
}

async function look(kubernetes: Kubernetes, machines: readonly Machine[]): Promise<string[]> {
  const [first] = machines;
  if (first === undefined) return ["there is no machine to ask"];
  const held = await heldAddresses(first);
  const live = machines.flatMap(liveSandboxes);
  const pods = await kubernetes.request<PodList>("GET", "/api/v1/pods");
  return [...storeAgainstSandboxes(held, live), ...podsAgainstSandboxes(pods, live)];
}

/** What the store says, by the built command line. */
export async function heldAddresses(machine: Machine): Promise<readonly Held[]> {
  const finished = await run(machine.command(BUILD.executable, "ip", "list", "-o", "json"));
  if (finished.exitCode !== 0) throw new Error(`ip list: ${finished.stderr}`);
  return (JSON.parse(finished.stdout) as Held[]).filter(({ state }) => state === "allocated");
}

/** What the product's own `kube-ipam check` says on each machine, where it finds anything. */
export async function productCheck(kubernetes: Kubernetes, machines: readonly Machine[]): Promise<string[]> {
  const args = ["check", "--kubeconfig", kubernetes.adminConfig, "--settle", "15"];
  const results = await Promise.all(machines.map((machine) => machine.tryExec([BUILD.executable, ...args])));
  return results.flatMap(({ exitCode, stderr, stdout }) => (exitCode === 0 ? [] : [`${stdout}${stderr}`]));
}

function storeAgainstSandboxes(held: readonly Held[], live: readonly LiveSandbox[]): string[] {
  const inStore = new Set(held.map(({ address, container }) => `${address} of ${container}`));
  const inPods = new Set(
    live.flatMap(({ addresses, container }) => addresses.map(({ address }) => `${address} of ${container}`)),
  );
  return [
    ...[...inPods].filter((each) => !inStore.has(each)).map((each) => `lost: the store lacks ${each}`),
    ...[...inStore].filter((each) => !inPods.has(each)).map((each) => `leak: nobody has ${each}`),
  ];
}

function podsAgainstSandboxes({ items }: PodList, live: readonly LiveSandbox[]): string[] {
  return items.flatMap(({ metadata, spec, status }) => {
    if (spec.hostNetwork || status.phase !== "Running" || status.podIP === undefined) return [];
    const sandbox = live.find(({ uid }) => uid === metadata.uid);
    const has = sandbox?.addresses.map(({ address }) => address) ?? [];
    return has.includes(status.podIP)
      ? []
      : [
          `pod ${metadata.name} is said to have ${status.podIP}, its namespace has ${has.join(", ") || "none"}`,
        ];
  });
}
