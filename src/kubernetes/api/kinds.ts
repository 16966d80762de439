import type { GenericSchema } from "valibot";
import {
  type AnyObject,
  type ApiService,
  anyObject,
  apiService,
  type ConfigMap,
  configMap,
  type Instance,
  type Lease,
  lease,
  type Migration,
  migration,
  type NodeObject,
  node,
  type Pod,
  type PoolOfApi,
  pod,
  poolObject,
  type Secret,
  secret,
  statefulSet,
  virtualMachineInstance,
  type WebhookConfiguration,
  webhookConfiguration,
} from "./shapes.ts";

/** One kind of object. deploy/rbac grants the rights on it. */
export interface Kind<T> {
  /** "" for Kubernetes' core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly shape: GenericSchema<unknown, T>;
  /** A kind that only the API server knows; deploy/rbac does not grant it. */
  readonly foreign?: true;
}

/** Names one object; without a namespace, one that belongs to the whole cluster. */
export interface ObjectName {
  readonly namespace?: string;
  readonly name: string;
}

export const PODS: Kind<Pod> = { group: "", version: "v1", plural: "pods", shape: pod };
export const NODES: Kind<NodeObject> = { group: "", version: "v1", plural: "nodes", shape: node };
export const NAMESPACES = plain("", "namespaces");
export const SERVICE_ACCOUNTS = plain("", "serviceaccounts");
export const LEASES: Kind<Lease> = { ...plain("coordination.k8s.io", "leases"), shape: lease };
export const CONFIG_MAPS: Kind<ConfigMap> = { ...plain("", "configmaps"), shape: configMap };
export const SECRETS: Kind<Secret> = { ...plain("", "secrets"), shape: secret };
export const WEBHOOK_CONFIGURATIONS: Kind<WebhookConfiguration> = {
  ...plain("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
  shape: webhookConfiguration,
};
export const API_SERVICES: Kind<ApiService> = {
  ...plain("apiregistration.k8s.io", "apiservices"),
  shape: apiService,
};
export const EVENTS = plain("", "events");
export const REPLICA_SETS = plain("apps", "replicasets");
export const JOBS = plain("batch", "jobs");
export const REPLICATION_CONTROLLERS = plain("", "replicationcontrollers");
export const STATEFUL_SETS = { ...plain("apps", "statefulsets"), shape: statefulSet };
export const INSTANCES: Kind<Instance> = {
  ...plain("kubevirt.io", "virtualmachineinstances"),
  shape: virtualMachineInstance,
};
export const MIGRATIONS: Kind<Migration> = {
  ...plain("kubevirt.io", "virtualmachineinstancemigrations"),
  shape: migration,
};

export const POOLS: Kind<PoolOfApi> = {
  group: "kube-ipam.io",
  version: "v1",
  plural: "pools",
  shape: poolObject,
};

/** The kinds of owner that need no apiVersion, to ask whether an owner still exists. */
export const OWNER_KINDS: Readonly<Record<string, Kind<AnyObject>>> = {
  Pod: plain("", "pods"),
  ReplicationController: REPLICATION_CONTROLLERS,
  ReplicaSet: REPLICA_SETS,
  Deployment: plain("apps", "deployments"),
  StatefulSet: plain("apps", "statefulsets"),
  DaemonSet: plain("apps", "daemonsets"),
  Job: JOBS,
  CronJob: plain("batch", "cronjobs"),
  VirtualMachine: plain("kubevirt.io", "virtualmachines"),
  VirtualMachineInstance: plain("kubevirt.io", "virtualmachineinstances"),
};

/** The kind of owner of this name, which a tenant may have chosen; undefined where asking for one needs an apiVersion. */
export function ownerKind(name: string): Kind<AnyObject> | undefined {
  return Object.hasOwn(OWNER_KINDS, name) ? OWNER_KINDS[name] : undefined;
}

function plain(group: string, plural: string): Kind<AnyObject> {
  return { group, version: "v1", plural, shape: anyObject };
}

/** The group of an apiVersion: "apps/v1" is of "apps", "v1" of "". */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}
