import type { Call } from "./cni.ts";
import type { Folder } from "./folder.ts";
import {
  kubeIpamAgent,
  kubeIpamAgentKilled,
  kubeIpamAgentOnEtcd,
  kubeIpamAgentOnKubernetes,
} from "./subject-agent.ts";
import { kubeIpamOnEtcd } from "./subject-etcd.ts";
import { hostLocal } from "./subject-host-local.ts";
import { kubeIpam } from "./subject-kube-ipam.ts";
import { kubeIpamOnKubernetes } from "./subject-kubernetes.ts";

/**
 * A plugin under test with the way it is deployed and the store it uses. The black-box suites know
 * nothing else of it, so the same cases run against every way: the plugin alone, through an agent,
 * through the shim, on either store, and against another plugin where both should agree.
 */
export interface Subject {
  readonly name: string;
  /** What `ipam.type` says, and the executable's file name. */
  readonly type: string;
  /** True for kube-ipam in any form: error codes and texts are docs/design.md section 8's. */
  readonly ours: boolean;
  /** True where the addresses lie in a store of the cluster rather than in a file of the node. */
  readonly remote?: boolean;
  /** True where pods are asked of Kubernetes, and not of the runtime alone. */
  readonly cluster?: boolean;
  /** True where an agent serves: it frees dead records by itself and at once. */
  readonly agent?: boolean;
  /** One fresh deployment with an empty store. */
  open(): Promise<Place>;
}

/** One deployment of a subject: an empty store and folders of its own, removed with it. */
export interface Place extends AsyncDisposable {
  readonly executable: string;
  readonly folder: Folder;
  /** Keys that every `ipam` object needs here: store, folders, node name. */
  readonly ipam: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** Makes what a call speaks of before it comes, such as the pod that Kubernetes shows. */
  beforeCall?(configuration: unknown, call: Call): Promise<void>;
  /** Everything the store says is held. */
  allocations(): Promise<StoredAllocation[]>;
}

export interface StoredAllocation {
  readonly network: string;
  readonly address: string;
  readonly container: string;
  readonly ifname: string;
}

const SUBJECTS: Readonly<Record<string, () => Subject>> = {
  "kube-ipam": kubeIpam,
  "kube-ipam-etcd": kubeIpamOnEtcd,
  "kube-ipam-agent": kubeIpamAgent,
  "kube-ipam-agent-etcd": kubeIpamAgentOnEtcd,
  "kube-ipam-kubernetes": kubeIpamOnKubernetes,
  "kube-ipam-agent-kubernetes": kubeIpamAgentOnKubernetes,
  "kube-ipam-agent-killed": kubeIpamAgentKilled,
  "host-local": hostLocal,
};

/** The subjects named in $KUBE_IPAM_SUBJECTS (comma separated), by default kube-ipam alone. */
export function subjectsUnderTest(): Subject[] {
  return (process.env.KUBE_IPAM_SUBJECTS ?? "kube-ipam").split(",").map(subjectCalled);
}

/** The subject of that name; throws naming those there are. */
export function subjectCalled(name: string): Subject {
  const make = SUBJECTS[name];
  if (make === undefined) {
    throw new Error(`expected one of the subjects ${Object.keys(SUBJECTS).join(", ")}, got ${name}`);
  }
  return make();
}
