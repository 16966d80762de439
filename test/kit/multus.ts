import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environment, type Verb } from "./cni.ts";
import { cacheFolder } from "./etcd-binaries.ts";
import type { Kubernetes } from "./kubernetes.ts";
import { makeNamespace, type Namespace, uniqueName } from "./namespaces.ts";
import type { PodsOnNodes } from "./pods-on-nodes.ts";
import { type Finished, run, tool } from "./run.ts";
import { DEBIAN_PLUGINS } from "./subject-host-local.ts";
import { kubeIpamExecutable } from "./subject-kube-ipam.ts";

const MULTUS = join(cacheFolder(), "multus-v4.2.3", "multus");

/** Why the real Multus cannot run here; undefined where it can. */
export function withoutMultus(): string | undefined {
  if (existsSync(MULTUS)) return undefined;
  return "needs the program that test/cluster/multus/build.sh makes of Multus's Go module";
}

/** A node with Multus before kube-ipam: only the node's file names stores and credentials. */
export interface MultusNode extends AsyncDisposable {
  /** Replaces the node's file. */
  nodeFile(settings: Readonly<Record<string, unknown>>): void;
  /** Makes a NetworkAttachmentDefinition for macvlan with this `ipam` and these further keys. */
  attachable(name: string, ipam: object, more?: object): Promise<void>;
  /** Multus's ADD or DEL for a pod, as containerd calls it. */
  run(verb: Verb, sandbox: MultusSandbox): Promise<Finished>;
  /** The same verb of one attachment only, by its own main plugin. */
  runOne(verb: Verb, name: string, ifname: string, sandbox: MultusSandbox): Promise<Finished>;
}

export interface MultusSandbox {
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid?: string };
  readonly container: string;
  readonly namespace: Namespace;
  /** What the runtime passes to Multus beside the configuration. */
  readonly runtimeConfig?: object;
}

/**
 * Sets the node up: the kind NetworkAttachmentDefinition, a link for macvlan, and the pod's first
 * network "web" without any credential.
 */
export async function multusNode({ kubernetes }: PodsOnNodes, web: object): Promise<MultusNode> {
  const folder = kubernetes.folder.file("multus");
  mkdirSync(folder, { recursive: true });
  await applyDefinitions(kubernetes);
  const wire = await makeNamespace();
  const master = uniqueName("m");
  // Goes with its other end, which goes with the namespace.
  const peer = ["peer", "name", "wire0", "netns", wire.name];
  await tool("ip", "link", "add", master, "type", "veth", ...peer);
  await tool("ip", "link", "set", master, "up");
  const network = (name: string, ipam: object, more: object = {}) => ({
    cniVersion: "1.0.0",
    name,
    type: "macvlan",
    master,
    mode: "bridge",
    ...more,
    ipam: { type: "kube-ipam", ...ipam },
  });
  const own = new Map<string, object>();
  const multus = {
    cniVersion: "1.0.0",
    name: "multus",
    type: "multus",
    kubeconfig: await administrator(kubernetes),
    cniDir: join(folder, "cache"),
    confDir: folder,
    binDir: DEBIAN_PLUGINS,
    logFile: join(folder, "multus.log"),
    logLevel: "debug",
    delegates: [network("web", web)],
  };
  const call = (program: string, verb: Verb, ifname: string, sandbox: MultusSandbox, conf: object) =>
    run([program], {
      env: {
        ...environment(verb, {
          container: sandbox.container,
          netns: sandbox.namespace.path,
          ifname,
          args: argsOf(sandbox),
          path: `${dirname(kubeIpamExecutable())}:${DEBIAN_PLUGINS}`,
        }),
        KUBE_IPAM_CONFIG: join(folder, "node.json"),
      },
      stdin: JSON.stringify(conf),
    });
  return {
    nodeFile: (settings) => writeFileSync(join(folder, "node.json"), JSON.stringify(settings)),
    attachable: async (name, ipam, more) => {
      const config = network(name, ipam, more);
      own.set(name, config);
      await kubernetes.apply({
        apiVersion: "k8s.cni.cncf.io/v1",
        kind: "NetworkAttachmentDefinition",
        metadata: { name, namespace: "default" },
        spec: { config: JSON.stringify(config) },
      });
    },
    run: (verb, sandbox) =>
      call(MULTUS, verb, "eth0", sandbox, {
        ...multus,
        ...(sandbox.runtimeConfig && { runtimeConfig: sandbox.runtimeConfig }),
      }),
    runOne: (verb, name, ifname, sandbox) =>
      call(join(DEBIAN_PLUGINS, "macvlan"), verb, ifname, sandbox, own.get(name) ?? {}),
    [Symbol.asyncDispose]: wire.remove,
  };
}

/** Multus reads pods and definitions, and writes the pod's network status. */
async function administrator(kubernetes: Kubernetes): Promise<string> {
  const files = await kubernetes.authority.issue({ name: "multus", organization: "system:masters" });
  return kubernetes.kubeConfig({ "client-certificate": files.certFile, "client-key": files.keyFile });
}

function argsOf({ container, pod: { name, namespace, uid } }: MultusSandbox): string {
  return (
    `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};` +
    `K8S_POD_INFRA_CONTAINER_ID=${container};K8S_POD_UID=${uid ?? ""}`
  );
}

/** Makes the kind NetworkAttachmentDefinition known, and these definitions, each by its configuration. */
export async function applyDefinitions(
  { apply, kubectl }: PodsOnNodes["kubernetes"],
  ...configurations: readonly { readonly name: string }[]
): Promise<void> {
  await apply(DEFINITIONS);
  await kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s");
  for (const configuration of configurations)
    await apply({
      apiVersion: "k8s.cni.cncf.io/v1",
      kind: "NetworkAttachmentDefinition",
      metadata: { name: configuration.name, namespace: "default" },
      spec: { config: JSON.stringify(configuration) },
    });
}

const DEFINITIONS = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "network-attachment-definitions.k8s.cni.cncf.io" },
  spec: {
    group: "k8s.cni.cncf.io",
    scope: "Namespaced",
    names: {
      kind: "NetworkAttachmentDefinition",
      plural: "network-attachment-definitions",
      singular: "network-attachment-definition",
    },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
