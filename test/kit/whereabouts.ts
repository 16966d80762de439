import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "./cluster-node.ts";
import { invoke, type Verb } from "./cni.ts";
import { cacheFolder } from "./etcd-binaries.ts";
import type { Kubernetes } from "./kubernetes.ts";
import type { Finished } from "./run.ts";

const WHEREABOUTS = join(cacheFolder(), "whereabouts-v0.9.2", "whereabouts");

/** Why the real whereabouts cannot run here; undefined where it can. */
export function withoutWhereabouts(): string | undefined {
  if (existsSync(WHEREABOUTS)) return undefined;
  return "needs the program that test/cluster/whereabouts/build.sh makes of whereabouts' Go module";
}

/** The real whereabouts, in a cluster that has its kinds. */
export interface Whereabouts {
  run(verb: Verb, sandbox: Sandbox, ifname?: string): Promise<Finished>;
}

/** Teaches the cluster whereabouts' kinds, and calls it for a network of this range. */
export async function installWhereabouts(kubernetes: Kubernetes, range: string): Promise<Whereabouts> {
  await kubernetes.apply(...KINDS);
  await kubernetes.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s");
  const folder = kubernetes.folder.file("whereabouts");
  mkdirSync(folder, { recursive: true });
  const own = join(folder, "whereabouts.conf");
  writeFileSync(own, "{}");
  const network = {
    cniVersion: "1.0.0",
    name: "net1",
    type: "macvlan",
    ipam: {
      type: "whereabouts",
      range,
      kubernetes: { kubeconfig: kubernetes.adminConfig },
      log_file: join(folder, "whereabouts.log"),
      log_level: "debug",
      configuration_path: own,
    },
  };
  return {
    run: (verb, { container, namespace, pod }, ifname = "eth0") => {
      const args = `IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name};K8S_POD_UID=${pod.uid}`;
      const call = { container, netns: namespace.path, ifname, args, path: "/opt/cni/bin" };
      return invoke(WHEREABOUTS, verb, call, network);
    },
  };
}

const allocation = {
  type: "object",
  required: ["id", "podref"],
  properties: { id: { type: "string" }, podref: { type: "string" }, ifname: { type: "string" } },
};

const pool = {
  type: "object",
  required: ["allocations", "range"],
  properties: {
    range: { type: "string" },
    allocations: { type: "object", additionalProperties: allocation },
  },
};

const reservation = {
  type: "object",
  required: ["podref"],
  properties: {
    containerid: { type: "string" },
    podref: { type: "string" },
    ifname: { type: "string" },
  },
};

/** As far as whereabouts' own definitions (doc/crds of its release 0.9) describe them. */
const KINDS = [
  kind("IPPool", "ippools", pool),
  kind("OverlappingRangeIPReservation", "overlappingrangeipreservations", reservation),
];

function kind(name: string, plural: string, spec: object): object {
  const openAPIV3Schema = { type: "object", properties: { spec } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.whereabouts.cni.cncf.io` },
    spec: {
      group: "whereabouts.cni.cncf.io",
      scope: "Namespaced",
      names: { kind: name, listKind: `${name}List`, plural, singular: name.toLowerCase() },
      versions: [{ name: "v1alpha1", served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}
