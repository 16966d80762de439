import { expect, test } from "bun:test";
import { asker, facts, holder, nodeFacts, podFacts } from "../testing/hand-over.ts";
import type { HandOverFacts } from "./hand-over-facts.ts";
import { judge } from "./judge.ts";

const FORCE = "'kube-ipam ip release --force 10.188.0.216'";
const OUT =
  "whether its containers still run cannot be told from here. If that machine is switched off for certain: " +
  "'kubectl delete node n1', or 'kubectl taint node n1 node.kubernetes.io/out-of-service=nodeshutdown:NoExecute', " +
  `or ${FORCE}`;
const ONLY_FORCE =
  "whether its containers still run cannot be told from here. If that machine is switched off for certain: " +
  FORCE;
const DELETE_POD =
  "the address is free once the pod is gone too: 'kubectl delete pod --force --namespace default old', " +
  `or ${FORCE}`;
const DUE =
  "node n1 has not released the pod's sandbox yet (its DEL is due); the next try gets the address once it has";

const cases: [string, HandOverFacts, string][] = [
  [
    "a running pod",
    facts(),
    "11 address 10.188.0.216 is held by the running pod default/old on node n1; one address serves one pod at a time; it is " +
      "given up when that pod ends. In a rolling update the old pod must go first: use strategy Recreate, or maxSurge 0; for " +
      "several replicas list an address for each in kube-ipam.ips",
  ],
  [
    "another cluster's pod",
    facts({ cluster: "other", holder: holder({ cluster: "b" }) }),
    "11 address 10.188.0.216 is held by the running pod default/old on node n1 of another cluster (b); another cluster's " +
      `address is never taken over: choose another one, or ${FORCE}`,
  ],
  [
    "a pod being deleted",
    facts({ holderPod: podFacts({ deleting: true }) }),
    `11 address 10.188.0.216 is still held by pod default/old on node n1, which is being deleted; ${DUE}`,
  ],
  [
    "a finished pod",
    facts({ holderPod: podFacts({ finished: true }) }),
    `11 address 10.188.0.216 is still held by pod default/old on node n1, which has finished; ${DUE}`,
  ],
  [
    "a replaced pod",
    facts({ holderPod: podFacts({ uid: "uid-other" }) }),
    `11 address 10.188.0.216 is still held by pod default/old on node n1, which was replaced; ${DUE}`,
  ],
  [
    "a pod that is gone from a NotReady node",
    facts({ holderPod: "absent", holderNode: nodeFacts({ ready: "unknown" }) }),
    `11 address 10.188.0.216 is still held by pod default/old on node n1, which is gone; node n1 is NotReady: ${OUT}`,
  ],
  [
    "a pod that is gone, from a node whose name was never confirmed",
    facts({ holderPod: "absent", holderNode: "absent", holder: holder({ nodeVerified: false }) }),
    "11 address 10.188.0.216 is still held by pod default/old on node n1, which is gone; there is no Node named n1, and that " +
      `name was never confirmed by the pod: ${ONLY_FORCE}`,
  ],
  [
    "a pod on a NotReady node whose name a controller may yet confirm",
    facts({ holderNode: nodeFacts({ ready: "false" }), holder: holder({ nodeVerified: false }) }),
    "11 address 10.188.0.216 is held by pod default/old on node n1, of which it is not known that it has ended; " +
      `node n1 is NotReady: ${OUT}`,
  ],
  [
    "a pod whose node is deleted",
    facts({ holderNode: "absent" }),
    "11 address 10.188.0.216 is held by pod default/old on node n1, of which it is not known that it has ended; node n1 is " +
      `deleted, but the pod is still there: ${DELETE_POD}`,
  ],
  [
    "a pod being deleted, whose node is deleted",
    facts({ holderNode: "absent", holderPod: podFacts({ deleting: true }) }),
    "11 address 10.188.0.216 is still held by pod default/old on node n1, which is being deleted; node n1 is deleted, but " +
      `the pod is still there: ${DELETE_POD}`,
  ],
  [
    "a pod on a node that is tainted already",
    facts({ holderNode: nodeFacts({ ready: "false", outOfServiceTaint: true }) }),
    "11 address 10.188.0.216 is held by pod default/old on node n1, of which it is not known that it has ended; node n1 is " +
      `NotReady and tainted out-of-service, but the pod is still there: ${DELETE_POD}`,
  ],
  [
    "a pod that is gone with its node, where nothing is known of the asker",
    facts({ holderPod: "absent", holderNode: "absent", asker: asker({ podState: "unknown" }) }),
    "11 address 10.188.0.216 is still held by pod default/old on node n1, which is gone; node n1 is deleted: the address is " +
      `taken over once Kubernetes answers; or ${FORCE}`,
  ],
  [
    "a pod of a cluster whose UID could not be read",
    facts({ cluster: "unknown" }),
    "11 address 10.188.0.216 is held by pod default/old on node n1, of which it is not known that it has ended; the cluster's " +
      `own UID could not be read: ${ONLY_FORCE}`,
  ],
  [
    "a pod on a NotReady node",
    facts({ holderNode: nodeFacts({ ready: "false" }) }),
    "11 address 10.188.0.216 is held by pod default/old on node n1, of which it is not known that it has ended; " +
      `node n1 is NotReady: ${OUT}`,
  ],
  [
    "a pod on this node of which nothing is known",
    facts({ holder: holder({ node: "n2" }), holderPod: "unknown" }),
    "11 address 10.188.0.216 is held by pod default/old on node n2, of which it is not known that it has ended; Kubernetes " +
      "could not be asked about the pod, and its network namespace was not seen to be gone: the address is free once that " +
      `pod has ended; if it never will: ${FORCE}`,
  ],
  [
    "an earlier sandbox of the same pod",
    facts({ holder: holder({ node: "n2", pod: { namespace: "default", name: "new", uid: "uid-new" } }) }),
    "11 address 10.188.0.216 is still held by an earlier sandbox of this pod default/new (container c-old on node n2); the " +
      "runtime has not released that sandbox yet (its DEL is due); the next try gets the address once it has",
  ],
  [
    "a container that is no pod",
    facts({ holder: withoutPod() }),
    "101 address 10.188.0.216 is held by container c-old (interface eth0) on node n1, which is not a pod; choose another " +
      `address, or end that container; if it is long gone: ${FORCE}`,
  ],
  [
    "the same container",
    facts({ holder: holder({ node: "n2", attachment: { ...asker().attachment, ifname: "net1" } }) }),
    "101 address 10.188.0.216 is held by interface net1 of this same container; one address serves one interface: say which " +
      "network or interface it is for, for example with the annotation kube-ipam.ip/net1",
  ],
  [
    "an asker that is being deleted",
    facts({ asker: asker({ podState: podFacts({ name: "new", uid: "uid-new", deleting: true }) }) }),
    "108 pod default/new, which asks for address 10.188.0.216, is being deleted; nothing is allocated: an address is not " +
      "taken from its holder for a pod that is no longer wanted",
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
