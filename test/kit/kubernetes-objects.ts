import type { Kubernetes } from "./kubernetes.ts";
import { eventually } from "./wait.ts";

/** Objects that the tests of Kubernetes make, in the namespace "default" unless they say otherwise. */

const CONTAINERS = [{ name: "c", image: "localhost/none:1" }];

export interface PodWish {
  readonly name: string;
  readonly namespace?: string;
  readonly node?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly object[];
}

/** A pod that no kubelet will ever start; bound to a node at once where one is named. */
export function pod({
  annotations,
  labels,
  name,
  namespace = "default",
  node,
  ownerReferences,
}: PodWish): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, annotations, labels, ownerReferences },
    spec: { nodeName: node, containers: CONTAINERS },
  };
}

/** A workload of `replicas` pods labelled app=`name`. */
export function workload(
  kind: "Deployment" | "StatefulSet",
  name: string,
  rest: object = {},
  annotations: Readonly<Record<string, string>> = {},
): object {
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace: "default" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name }, annotations }, spec: { containers: CONTAINERS } },
      ...rest,
    },
  };
}

/** The definition of a custom resource that takes anything, as a stand-in for the real one. */
export function customResource(group: string, kind: string, version: string): object {
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, plural, singular },
      scope: "Namespaced",
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

/** A CronJob; `startJob` makes its Jobs. */
export function cronJob(name: string): object {
  const spec = { template: { spec: { restartPolicy: "Never", containers: CONTAINERS } } };
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name, namespace: "default" },
    spec: { schedule: "0 0 1 1 *", suspend: true, jobTemplate: { spec } },
  };
}

export interface NodeState {
  readonly ready: "True" | "False" | "Unknown";
  readonly bootId: string;
  readonly outOfService?: boolean;
}

/** Makes the Node object, or changes what it says; its machine exists only in the test's mind. */
export async function setNode(kubernetes: Kubernetes, name: string, state: NodeState): Promise<void> {
  const taints = state.outOfService
    ? [{ key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" }]
    : [];
  const found = await kubernetes.tryKubectl("get", "node", name);
  if (found.exitCode !== 0) await kubernetes.apply({ apiVersion: "v1", kind: "Node", metadata: { name } });
  const merge = "application/merge-patch+json";
  await kubernetes.request("PATCH", `/api/v1/nodes/${name}`, { spec: { taints } }, merge);
  const condition = { type: "Ready", status: state.ready, reason: "Test", message: "" };
  const status = { conditions: [condition], nodeInfo: { ...NODE_INFO, bootID: state.bootId } };
  await kubernetes.request("PATCH", `/api/v1/nodes/${name}/status`, { status }, merge);
}

const NODE_INFO = {
  architecture: "amd64",
  containerRuntimeVersion: "",
  kernelVersion: "",
  kubeProxyVersion: "",
  kubeletVersion: "v1.34.4",
  machineID: "",
  operatingSystem: "linux",
  osImage: "",
  systemUUID: "",
};

/** Waits until the controllers have made a pod of that label, other than `but`, and tells its name. */
export function podOf(kubernetes: Kubernetes, label: string, but = ""): Promise<string> {
  return eventually(async () => {
    const names = (await kubernetes.kubectl("get", "pods", "-l", label, "-o", "name")).trim().split("\n");
    return names.map((name) => name.replace("pod/", "")).find((name) => name !== "" && name !== but);
  });
}

/** The three kinds of KubeVirt that the plugin reads, with any content. */
export function kubeVirtKinds(): object[] {
  return ["VirtualMachine", "VirtualMachineInstance", "VirtualMachineInstanceMigration"].map((kind) =>
    customResource("kubevirt.io", kind, "v1"),
  );
}
