import { readFileSync } from "node:fs";
import type { Call } from "./cni.ts";
import { removeBehind, writeBehind } from "./etcd-of-api-server.ts";
import type { Kubernetes } from "./kubernetes.ts";

const PODS = "pods";
const NODES = "minions";

/** From now on the API server shows a Node of this name, Ready, which is this machine; and no pods. */
export async function showNodeAlone(kubernetes: Kubernetes, name: string): Promise<void> {
  await removeBehind(kubernetes, PODS);
  const bootID = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  await writeBehind(kubernetes, NODES, {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, uid: `uid-${name}` },
    status: { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { bootID } },
  });
}

/**
 * Makes the pod for which a runtime calls, as the API server shows it while the call runs: of that very UID, on that
 * node, with the annotations that the runtime delivers. A call that names no pod, or half of one, makes none.
 */
export async function showAsked(
  kubernetes: Kubernetes,
  nodeName: string,
  configuration: unknown,
  { args = "" }: Call,
): Promise<void> {
  const [namespace, name, uid] = ["NAMESPACE", "NAME", "UID"].map((key) => argument(args, `K8S_POD_${key}`));
  if (!(namespace && name && uid)) return;
  await writeBehind(kubernetes, PODS, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name, uid, annotations: annotationsIn(configuration) },
    spec: { nodeName, containers: [{ name: "c", image: "localhost/none:1" }] },
    status: { phase: "Running" },
  });
}

function argument(args: string, key: string): string | undefined {
  const pair = args.split(";").find((each) => each.startsWith(`${key}=`));
  return pair?.slice(key.length + 1);
}

/** What is delivered and no text could not be in a pod. */
function annotationsIn(configuration: unknown): Record<string, string> {
  const { runtimeConfig } = (configuration ?? {}) as { runtimeConfig?: Record<string, unknown> | null };
  const delivered = runtimeConfig?.["io.kubernetes.cri.pod-annotations"];
  if (typeof delivered !== "object" || delivered === null) return {};
  return Object.fromEntries(
    Object.entries(delivered).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}
