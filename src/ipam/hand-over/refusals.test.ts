import { expect, test } from "bun:test";
import { asker, facts, holder, nodeFacts, podFacts } from "../testing/hand-over.ts";
import type { HandOverFacts } from "./facts.ts";
import { judge } from "./judge.ts";

const FORCE = "'kube-ipam ip release --force 10.188.0.216'";
const OUT =
  "the pod's containers may still run. If that machine is switched off for certain, run " +
  "'kubectl delete node n1', or 'kubectl taint node n1 node.kubernetes.io/out-of-service=nodeshutdown:NoExecute', " +
  `or ${FORCE}`;
const ONLY_FORCE = `the pod's containers may still run. If that machine is switched off for certain, run ${FORCE}`;
const DELETE_POD =
  "the address becomes free once the pod is gone too: run 'kubectl delete pod --force --namespace default old', " +
  `or ${FORCE}`;
const DUE =
  "node n1 has not removed the pod's sandbox yet (its DEL is due); once it has, the next try gets the address";

const UNSEEN =
  "; this node cannot see whether that sandbox's network namespace is gone (was the node restarted?): " +
  `if it is gone for certain, run ${FORCE}`;
const NAMESAKE =
  "only that machine can see whether the pod has ended: give each machine a name of its own (nodeName); if the pod is gone " +
  `for certain, or that machine was this one before it lost its dataDir, run ${FORCE}`;

const cases: [string, HandOverFacts, string][] = [
  [
    "a running pod",
    facts(),
    "11 address 10.188.0.216 is held by the running pod default/old on node n1; one address serves one pod at a time: it " +
      "becomes free when that pod ends. In a rolling update the old pod must end first: use strategy Recreate, or maxSurge 0; " +
      "for several replicas, list one address for each in kube-ipam.ips",
  ],
  [
    "a pod on what may be another wire",
    facts({
      holder: holder({ attachment: { network: "line10", container: "c", ifname: "net1" } }),
      space: "vlan20",
    }),
    "11 address 10.188.0.216 of address space 'vlan20' is held by the running pod default/old on node n1; one address serves one " +
      "pod at a time: it becomes free when that pod ends. In a rolling update the old pod must end first: use strategy Recreate, " +
      "or maxSurge 0; for several replicas, list one address for each in kube-ipam.ips; network 'net' here and 'line10' there " +
      "share address space 'vlan20': if they are separate wires, give one of them an addressSpace of its own (where the node's " +
      "file locks it, by a pool of that file)",
  ],
  [
    "a container that is no pod, in an address space of its own",
    facts({ holder: (({ pod: _, ...rest }) => rest)(holder()), space: "vlan20" }),
    "101 address 10.188.0.216 of address space 'vlan20' is held by container c-old (interface eth0) on node n1, and that container " +
      "is not a pod; choose another address, or stop that container; if it no longer exists, run 'kube-ipam ip release --force " +
      "--space vlan20 10.188.0.216'",
  ],
  [
    "another cluster's pod",
    facts({ cluster: "other", holder: holder({ cluster: "b" }) }),
    "11 address 10.188.0.216 is held by the running pod default/old on node n1 of another cluster (b); kube-ipam " +
      `never takes an address from another cluster: choose another address, or run ${FORCE}`,
  ],
  [
    "a pod being deleted",
    facts({ holderPod: podFacts({ deleting: true }) }),
    `11 address 10.188.0.216 is still held by pod default/old on node n1, and that pod is being deleted; ${DUE}`,
  ],
  [
    "a finished pod",
    facts({ holderPod: podFacts({ finished: true }) }),
    `11 address 10.188.0.216 is still held by pod default/old on node n1, and that pod has finished; ${DUE}`,
  ],
  [
    "a replaced pod",
    facts({ holderPod: podFacts({ uid: "uid-other" }) }),
    `11 address 10.188.0.216 is still held by pod default/old on node n1, and that pod was replaced; ${DUE}`,
  ],
  [
    "a pod that is gone from a NotReady node",
    facts({ holderPod: "absent", holderNode: nodeFacts({ ready: "unknown" }) }),
    `11 address 10.188.0.216 is still held by pod default/old on node n1, and that pod is gone; node n1 is NotReady: ${OUT}`,
  ],
  [
    "a pod that is gone, from a node whose name was never confirmed",
    facts({ holderPod: "absent", holderNode: "absent", holder: holder({ nodeVerified: false }) }),
    "11 address 10.188.0.216 is still held by pod default/old on node n1, and that pod is gone; Kubernetes has no Node named n1, " +
      `and never confirmed that the pod ran on a node of that name: ${ONLY_FORCE}`,
  ],
  [
    "a pod on a NotReady node whose name a controller may yet confirm",
    facts({ holderNode: nodeFacts({ ready: "false" }), holder: holder({ nodeVerified: false }) }),
    "11 address 10.188.0.216 is held by pod default/old on node n1, and it is not known whether that pod has ended; " +
      `node n1 is NotReady: ${OUT}`,
  ],
  [
    "a pod whose node is deleted",
    facts({ holderNode: "absent" }),
    "11 address 10.188.0.216 is held by pod default/old on node n1, and it is not known whether that pod has ended; node n1 is " +
      `deleted, but the pod is still there: ${DELETE_POD}`,
  ],
  [
    "a pod being deleted, whose node is deleted",
    facts({ holderNode: "absent", holderPod: podFacts({ deleting: true }) }),
    "11 address 10.188.0.216 is still held by pod default/old on node n1, and that pod is being deleted; node n1 is deleted, but " +
      `the pod is still there: ${DELETE_POD}`,
  ],
  [
    "a pod on a node that is tainted already",
    facts({ holderNode: nodeFacts({ ready: "false", outOfServiceTaint: true }) }),
    "11 address 10.188.0.216 is held by pod default/old on node n1, and it is not known whether that pod has ended; node n1 is " +
      `NotReady and tainted out-of-service, but the pod is still there: ${DELETE_POD}`,
  ],
  [
    "a pod that is gone with its node, where nothing is known of the asker",
    facts({ holderPod: "absent", holderNode: "absent", asker: asker({ podState: "unknown" }) }),
    "11 address 10.188.0.216 is still held by pod default/old on node n1, and that pod is gone; node n1 is deleted: kube-ipam hands " +
      `the address over once Kubernetes answers; or run ${FORCE}`,
  ],
  [
    "a pod of a cluster whose UID could not be read",
    facts({ cluster: "unknown" }),
    "11 address 10.188.0.216 is held by pod default/old on node n1, and it is not known whether that pod has ended; kube-ipam " +
      `could not read the UID of this cluster: ${ONLY_FORCE}`,
  ],
  [
    "a pod on a NotReady node",
    facts({ holderNode: nodeFacts({ ready: "false" }) }),
    "11 address 10.188.0.216 is held by pod default/old on node n1, and it is not known whether that pod has ended; " +
      `node n1 is NotReady: ${OUT}`,
  ],
  [
    "a pod on this node of which nothing is known",
    facts({ holder: holder({ node: "n2" }), holderPod: "unknown" }),
    "11 address 10.188.0.216 is held by pod default/old on node n2, and it is not known whether that pod has ended; kube-ipam " +
      "could not ask Kubernetes about the pod, and the pod's network namespace may still exist: the address becomes free " +
      `when that pod ends; if it is gone for certain, run ${FORCE}`,
  ],
  [
    "K41 an earlier sandbox of the same pod, whose namespace cannot be judged",
    facts({ holder: holder({ node: "n2", pod: { namespace: "default", name: "new", uid: "uid-new" } }) }),
    "11 address 10.188.0.216 is still held by an earlier sandbox of this pod default/new (container c-old on node n2); the " +
      `runtime has not removed that sandbox yet (its DEL is due); once it has, the next try gets the address${UNSEEN}`,
  ],
  [
    "K41 a leaving pod of this node, whose namespace cannot be judged",
    facts({ holder: holder({ node: "n2" }), holderPod: podFacts({ deleting: true }) }),
    "11 address 10.188.0.216 is still held by pod default/old on node n2, and that pod is being deleted; node n2 has not " +
      `removed the pod's sandbox yet (its DEL is due); once it has, the next try gets the address${UNSEEN}`,
  ],
  [
    "K40 the same pod on another machine of this node's name",
    facts({
      holder: holder({ node: "n2", pod: { namespace: "default", name: "new", uid: "uid-new" } }),
      machine: "other",
      holderPod: podFacts({ name: "new", uid: "uid-new" }),
    }),
    "11 address 10.188.0.216 is held by the running pod default/new on node n2 (another machine of that name); one address " +
      "serves one pod at a time: it becomes free when that pod ends. In a rolling update the old pod must end first: use " +
      "strategy Recreate, or maxSurge 0; for several replicas, list one address for each in kube-ipam.ips",
  ],
  [
    "K40 a leaving pod on another machine of this node's name",
    facts({ holder: holder({ node: "n2" }), machine: "other", holderPod: podFacts({ deleting: true }) }),
    "11 address 10.188.0.216 is still held by pod default/old on node n2 (another machine of that name), and that pod is " +
      `being deleted; ${NAMESAKE}`,
  ],
  [
    "K40 an unknown pod on another machine of this node's name",
    facts({ holder: holder({ node: "n2" }), machine: "other", holderPod: "unknown" }),
    "11 address 10.188.0.216 is held by pod default/old on node n2 (another machine of that name), and it is not known " +
      `whether that pod has ended; ${NAMESAKE}`,
  ],
  [
    "an earlier sandbox of the same pod",
    facts({
      holder: holder({ node: "n2", pod: { namespace: "default", name: "new", uid: "uid-new" } }),
      namespaceState: "present",
    }),
    "11 address 10.188.0.216 is still held by an earlier sandbox of this pod default/new (container c-old on node n2); the " +
      "runtime has not removed that sandbox yet (its DEL is due); once it has, the next try gets the address",
  ],
  [
    "a container that is no pod",
    facts({ holder: withoutPod() }),
    "101 address 10.188.0.216 is held by container c-old (interface eth0) on node n1, and that container is not a pod; " +
      `choose another address, or stop that container; if it no longer exists, run ${FORCE}`,
  ],
  [
    "the same container",
    facts({ holder: holder({ node: "n2", attachment: { ...asker().attachment, ifname: "net1" } }) }),
    "101 address 10.188.0.216 is held by interface net1 of this same container; one address serves one interface: name the " +
      "network or interface that it is for, for example with the annotation kube-ipam.ip/net1",
  ],
  [
    "an asker that is being deleted",
    facts({ asker: asker({ podState: podFacts({ name: "new", uid: "uid-new", deleting: true }) }) }),
    "108 pod default/new, which asks for address 10.188.0.216, is being deleted; nothing is allocated: no holder " +
      "loses its address to a pod that is no longer wanted",
  ],
];

test.each(cases)("held by %s", (_name, given, expected) => {
  const verdict = judge(given);
  if (!("refusal" in verdict)) throw new Error(`not refused: ${verdict.action}`);
  const { code, message, details } = verdict.refusal;
  expect(`${code} ${message}; ${details}`).toBe(expected);
});

function withoutPod() {
  const { pod: _none, ...rest } = holder({ nodeVerified: false });
  return rest;
}
