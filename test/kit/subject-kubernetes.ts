import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { showAsked, showNodeAlone } from "./asked-pods.ts";
import { type Kubernetes, startKubernetes } from "./kubernetes.ts";
import { installStoreResources } from "./store-resources.ts";
import type { Place, Subject } from "./subject.ts";
import { deployPlugin, listAllocations } from "./subject-kube-ipam.ts";

/** kube-ipam alone on the objects of a real API server; each place has an API server that is empty. */
export function kubeIpamOnKubernetes(): Subject {
  return { name: "kube-ipam-kubernetes", type: "kube-ipam", ours: true, remote: true, cluster: true, open };
}

/** API servers that no place uses now: a place seldom lives beside another one. */
const free: Kubernetes[] = [];

async function open(): Promise<Place> {
  const kubernetes = free.pop() ?? (await start());
  const plugin = deployPlugin();
  const nodeName = String(plugin.ipam.nodeName);
  await clear(kubernetes);
  await showNodeAlone(kubernetes, nodeName);
  const kubeConfig = kubernetes.adminConfig;
  return {
    ...plugin,
    ipam: { ...plugin.ipam, store: "kubernetes", kubeConfig },
    allocations: () => listAllocations(async () => openKubernetesStore({ kind: "kubernetes", kubeConfig })),
    beforeCall: (configuration, call) => showAsked(kubernetes, nodeName, configuration, call),
    [Symbol.asyncDispose]: async () => {
      await plugin[Symbol.asyncDispose]();
      free.push(kubernetes);
    },
  };
}

async function clear(kubernetes: Kubernetes): Promise<void> {
  for (const resource of ["addressrecords", "storerecords"])
    await kubernetes.request("DELETE", `/apis/store.kube-ipam.io/v1/${resource}`);
}

/** Ended with this process. */
async function start(): Promise<Kubernetes> {
  const kubernetes = await startKubernetes();
  await installStoreResources(kubernetes);
  process.on("exit", () => {
    for (const pid of kubernetes.pids()) process.kill(pid, "SIGKILL");
    kubernetes.folder[Symbol.dispose]();
  });
  return kubernetes;
}
