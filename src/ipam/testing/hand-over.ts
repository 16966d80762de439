import type { Address } from "../../address/address.ts";
import type { NodeFacts, OwnerReference, PodFacts } from "../cluster-port.ts";
import type { Asker, HandOverFacts } from "../hand-over/facts.ts";
import type { Holder } from "../records.ts";

/** 10.188.0.216, as in the original's README. */
export const ADDRESS: Address = { family: 4, value: 0x0abc00d8n };

/** A running pod "default/old" on node "n1", as the API shows it. */
export function podFacts(change: Partial<PodFacts> = {}): PodFacts {
  return {
    namespace: "default",
    name: "old",
    uid: "uid-old",
    nodeName: "n1",
    annotations: {},
    labels: {},
    deleting: false,
    finished: false,
    mirror: false,
    ownerReferences: [],
    podIPs: [],
    ...change,
  };
}

/** A Ready node "n1" in the boot in which the holder was recorded. */
export function nodeFacts(change: Partial<NodeFacts> = {}): NodeFacts {
  return { name: "n1", ready: "true", bootId: "boot-n1", outOfServiceTaint: false, labels: {}, ...change };
}

/** The attachment of pod "default/old" on node "n1". */
export function holder(change: Partial<Holder> = {}): Holder {
  return {
    attachment: { network: "net", container: "c-old", ifname: "eth0" },
    pod: { namespace: "default", name: "old", uid: "uid-old" },
    node: "n1",
    nodeVerified: true,
    bootId: "boot-n1",
    namespace: { path: "/run/netns/old", device: "4", inode: "1" },
    requestId: "request-old",
    ...change,
  };
}

/** Pod "default/new" on node "n2". */
export function asker(change: Partial<Asker> = {}): Asker {
  return {
    attachment: { network: "net", container: "c-new", ifname: "eth0" },
    node: "n2",
    pod: { namespace: "default", name: "new", uid: "uid-new" },
    podState: podFacts({ name: "new", uid: "uid-new", nodeName: "n2" }),
    ...change,
  };
}

/** The new pod asks; the old one runs on a Ready node. The machine is known by the name of its node. */
export function facts(change: Partial<HandOverFacts> = {}): HandOverFacts {
  const here = (change.holder ?? holder()).node === (change.asker ?? asker()).node;
  return {
    address: ADDRESS,
    space: "default",
    holder: holder(),
    asker: asker(),
    cluster: "same",
    machine: here ? "this" : "other",
    namespaceState: "unknown",
    kept: false,
    holderPod: podFacts(),
    holderNode: nodeFacts(),
    ...change,
  };
}

/** A controlling reference to a KubeVirt virtual machine instance. */
export function instanceReference(uid: string): OwnerReference {
  return { apiVersion: "kubevirt.io/v1", kind: "VirtualMachineInstance", name: "vm", uid, controller: true };
}
