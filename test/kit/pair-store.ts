import type { MetaRecord } from "../../src/ipam/records.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import type { EtcdCluster } from "./etcd.ts";
import { etcdSettings } from "./etcd-settings.ts";
import type { Folder } from "./folder.ts";
import type { Kubernetes } from "./kubernetes.ts";
import type { StoredAllocation } from "./subject.ts";
import { listAllocations } from "./subject-kube-ipam.ts";

/** A store that two machines share, seen past kube-ipam's verbs. */
export interface PairStore {
  /** For what the machines keep. */
  readonly folder: Folder;
  /** Keys of the nodes' files. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The store's identity, by the tools of the store itself. */
  meta(): Promise<MetaRecord | undefined>;
  stored(): Promise<StoredAllocation[]>;
  /** Saves a backup; answers its path. */
  snapshot(): Promise<string>;
}

/** A prefix of its own. */
export function pairOnEtcd(etcd: EtcdCluster): PairStore {
  const id = newId();
  const prefix = `/${id}`;
  return {
    folder: within(etcd.folder, id),
    settings: { etcdConfig: { etcdURL: etcd.endpoints.join(","), prefix } },
    meta: async () => {
      const text = await etcd.ctl("get", "--print-value-only", `${prefix}/meta`);
      return text.trim() === "" ? undefined : (JSON.parse(text) as MetaRecord);
    },
    stored: () => listAllocations(() => openEtcdStore(etcdSettings(etcd, { prefix }))),
    snapshot: () => etcd.snapshot(),
  };
}

/** All of an API server, which is to be empty. */
export function pairOnKubernetes(kubernetes: Kubernetes): PairStore {
  const { adminConfig: kubeConfig, ownEtcd, tryKubectl } = kubernetes;
  return {
    folder: within(kubernetes.folder, newId()),
    settings: { store: "kubernetes", kubeConfig },
    meta: async () => {
      const found = await tryKubectl("get", "storerecords", "meta", "-o", "jsonpath={.spec.records}");
      if (found.exitCode !== 0 && !found.stderr.includes("NotFound")) throw new Error(found.stderr);
      const [[, record] = []] = JSON.parse(found.stdout || "[]") as [string, MetaRecord][];
      return record;
    },
    stored: () => listAllocations(async () => openKubernetesStore({ kind: "kubernetes", kubeConfig })),
    snapshot: () => ownEtcd.snapshot(),
  };
}

function newId(): string {
  return `p${crypto.randomUUID().slice(0, 8)}`;
}

function within(folder: Folder, id: string): Folder {
  return { ...folder, file: (...names) => folder.file(id, ...names) };
}
