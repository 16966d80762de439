import { formatAddress } from "../src/address/address.ts";
import type { Holder } from "../src/ipam/records.ts";
import type { Put } from "../src/ipam/store-port.ts";

/** What the nth node and the nth pod of a large cluster are, in Kubernetes and in the store. */

const FIRST = 0x0a000100n;

interface Size {
  readonly nodes: number;
  /** What the cluster is called. */
  readonly cluster: string;
}

/** What an ADD of the pod writes. */
export function recordsOf(index: number, { cluster, nodes }: Size): Put[] {
  const holder = holderOf(index, cluster, nodes);
  const address = addressOf(index);
  const addresses = [formatAddress(address)];
  const attachment = { space: "default", addresses, prefixes: [8], gateways: ["10.0.0.1"], holder };
  return [
    {
      ref: { kind: "allocation", space: "default", address },
      record: { version: 1, holders: [holder], origin: "dynamic", since: SINCE },
    },
    {
      ref: { kind: "attachment", node: holder.node, id: holder.attachment },
      record: { version: 1, ...attachment, origin: "dynamic" },
    },
  ];
}

const SINCE = "2026-01-01T00:00:00Z";

function holderOf(index: number, cluster: string, nodes: number): Holder {
  const container = Bun.SHA256.hash(`container ${index}`, "hex");
  return {
    attachment: { network: "net1", container, ifname: "eth0" },
    pod: { namespace: namespaceOf(index), name: nameOf(index), uid: uidOf(`pod ${index}`) },
    node: nodeName(index % nodes),
    nodeVerified: true,
    bootId: uidOf(`boot ${index % nodes}`),
    machine: uidOf(`machine ${index % nodes}`),
    namespace: {
      path: `/var/run/netns/cni-${uidOf(`netns ${index}`)}`,
      device: "4",
      inode: String(4026532000 + (index % 4096)),
      mountNamespace: "4026531841",
      folder: "26:1204",
    },
    requestId: uidOf(`request ${index}`),
    cluster,
  };
}

type Metadata = { readonly name: string; readonly namespace?: string } & Readonly<Record<string, unknown>>;

export interface KubernetesObject {
  readonly kind: "Node" | "Pod";
  readonly metadata: Metadata;
}

export function nodeObject(index: number): KubernetesObject {
  const name = nodeName(index);
  const images = Array.from({ length: 40 }, (_, image) => ({
    names: [`registry.example/images/image-${image}@sha256:${Bun.SHA256.hash(`image ${image}`, "hex")}`],
    sizeBytes: 1_000_000 + image,
  }));
  return objectOf(
    "Node",
    { name, uid: uidOf(`node ${index}`), labels: { "kubernetes.io/hostname": name } },
    {
      spec: {},
      status: {
        conditions: ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map((type) => ({
          type,
          status: type === "Ready" ? "True" : "False",
          reason: "Kubelet",
          message: "kubelet is posting ready status",
        })),
        nodeInfo: { bootID: uidOf(`boot ${index}`), machineID: uidOf(`machine ${index}`) },
        images,
      },
    },
  );
}

export function podObject(index: number, { nodes }: Size): KubernetesObject {
  const ip = formatAddress(addressOf(index));
  const metadata = {
    name: nameOf(index),
    namespace: namespaceOf(index),
    uid: uidOf(`pod ${index}`),
    labels: { app: `app-${index % 500}`, "pod-template-hash": "5d4f8c7b9d" },
    ownerReferences: [
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        name: `app-${index % 500}-5d4f8c7b9d`,
        uid: uidOf(`set ${index % 500}`),
        controller: true,
      },
    ],
  };
  return objectOf("Pod", metadata, {
    spec: {
      nodeName: nodeName(index % nodes),
      containers: [{ name: "app", image: "registry.example/app:1", resources: {} }],
    },
    status: { phase: "Running", podIP: ip, podIPs: [{ ip }], startTime: SINCE },
  });
}

function objectOf(kind: KubernetesObject["kind"], metadata: Metadata, rest: object): KubernetesObject {
  const head = { apiVersion: "v1", kind };
  return { ...head, metadata: { ...metadata, creationTimestamp: SINCE }, ...rest };
}

function nodeName(index: number): string {
  return `node-${index}`;
}

function nameOf(index: number): string {
  return `app-${index % 500}-5d4f8c7b9d-${String(index).padStart(6, "0")}`;
}

function namespaceOf(index: number): string {
  return `team-${index % 50}`;
}

export function addressOf(index: number) {
  return { family: 4, value: FIRST + BigInt(index) } as const;
}

/** The same for the same text. */
function uidOf(text: string): string {
  const hex = Bun.SHA256.hash(text, "hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}

/** Where the API server keeps an object. */
export function keyOf({ kind, metadata: { name, namespace } }: KubernetesObject): string {
  return kind === "Node" ? `/registry/minions/${name}` : `/registry/pods/${namespace}/${name}`;
}
