import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { showAsked, showNodeAlone } from "./asked-pods.ts";
import { type Kubernetes, startKubernetes } from "./kubernetes.ts";
import { installStoreResources } from "./store-resources.ts";
import type { Place, Subject } from "./subject.ts";
import { deployPlugin, listAllocations } from "./subject-kube-ipam.ts";

/** kube-ipam alone on the objects of a real API server; each place has an API server that is empty. */
export function kubeIpamOnKubernetes(): Subject {
  return { ...SUBJECT, cluster: true, open };
}

/**
 * The same on one API server, which has the store's resources and serves others as well. Each place has addresses and
 * a node of its own, and asks for no pods.
 */
export function kubeIpamOnThisKubernetes(kubernetes: Kubernetes): Subject {
  return { ...SUBJECT, open: async () => placeBeside(kubernetes) };
}

const SUBJECT = { name: "kube-ipam-kubernetes", type: "kube-ipam", ours: true, remote: true } as const;

/** API servers that no place uses now: a place seldom lives beside another one. */
const free: Kubernetes[] = [];
let besides = 0;

async function open(): Promise<Place> {
  const kubernetes = free.pop() ?? (await start());
  const plugin = deployPlugin();
  const nodeName = String(plugin.ipam.nodeName);
  await clear(kubernetes);
  await showNodeAlone(kubernetes, nodeName);
  return {
    ...plugin,
    ...onStore(kubernetes, plugin.ipam),
    beforeCall: (configuration, call) => showAsked(kubernetes, nodeName, configuration, call),
    [Symbol.asyncDispose]: async () => {
      await plugin[Symbol.asyncDispose]();
      free.push(kubernetes);
    },
  };
}

function placeBeside(kubernetes: Kubernetes): Place {
  const plugin = deployPlugin();
  const name = `beside-${besides++}`;
  const own = { addressSpace: name, nodeName: name, annotations: "off" };
  return { ...plugin, ...onStore(kubernetes, { ...plugin.ipam, ...own }) };
}

function onStore({ adminConfig }: Kubernetes, ipam: Place["ipam"]): Pick<Place, "ipam" | "allocations"> {
  const settings = { kind: "kubernetes", kubeConfig: adminConfig } as const;
  return {
    ipam: { ...ipam, store: "kubernetes", kubeConfig: adminConfig },
    allocations: () => listAllocations(async () => openKubernetesStore(settings)),
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
