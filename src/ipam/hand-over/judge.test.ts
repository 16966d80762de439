import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { asker, facts, holder, instanceReference, nodeFacts, podFacts } from "../testing/hand-over.ts";
import type { HandOverFacts } from "./facts.ts";
import { decidedLocally, type HandOverRow, judge } from "./judge.ts";

const sameNode = { holder: holder({ node: "n2", bootId: "boot-n2" }) };
const gonePod = { holderPod: "absent" } as const;
const replaced = { holderPod: podFacts({ uid: "uid-other" }) };
const notReady = nodeFacts({ ready: "false" });
const migrating = asker({
  owner: {
    owner: { kind: "VirtualMachine", namespace: "default", name: "vm" },
    migratingInstance: "uid-vmi",
  },
});
const unnamed = holder({ pod: { namespace: "default", name: "old" } });
const launcher = podFacts({ ownerReferences: [instanceReference("uid-vmi")] });

const { pod: _pod, ...notAPod } = asker({ podState: "unknown" });

type Row = [name: string, facts: HandOverFacts, expected: string];

function outcome(given: HandOverFacts): string {
  const verdict = judge(given);
  if (verdict.action === "hand-over") return `hand-over: ${verdict.evidence}`;
  if ("refusal" in verdict) return `${verdict.action} ${verdict.refusal.code}`;
  return verdict.action;
}

describe("the hand-over table, row by row", () => {
  const rows: Row[] = [
    [
      "the same attachment",
      facts({ holder: holder({ node: "n2", attachment: asker().attachment }) }),
      "same",
    ],
    [
      "a container of the same name on another node is another one",
      facts({ holder: holder({ attachment: asker().attachment }) }),
      "refuse 11",
    ],
    [
      "the same container, another interface",
      facts({ holder: holder({ node: "n2", attachment: { ...asker().attachment, ifname: "net1" } }) }),
      "refuse 101",
    ],
    [
      "the same container, another network",
      facts({ holder: holder({ node: "n2", attachment: { ...asker().attachment, network: "web" } }) }),
      "refuse 101",
    ],

    [
      "on this node, namespace gone",
      facts({ ...sameNode, namespaceState: "gone" }),
      "hand-over: its network namespace is gone",
    ],
    [
      "K40 on another machine of this node's name, whatever is said of the namespace",
      facts({ ...sameNode, machine: "other", namespaceState: "gone", kept: true }),
      "refuse 11",
    ],
    [
      "K40 the same attachment of another machine of this node's name",
      facts({ holder: holder({ node: "n2", attachment: asker().attachment }), machine: "other" }),
      "refuse 11",
    ],
    [
      "K44 on this machine under an earlier name, namespace gone",
      facts({ ...sameNode, holder: holder({ node: "n0" }), machine: "this", namespaceState: "gone" }),
      "hand-over: its network namespace is gone",
    ],
    ["on this node, its DEL is kept", facts({ ...sameNode, kept: true }), "hand-over: its DEL came"],
    [
      "on this node, namespace gone, Kubernetes silent",
      facts({ ...sameNode, namespaceState: "gone", holderPod: "unknown", holderNode: "unknown" }),
      "hand-over: its network namespace is gone",
    ],
    [
      "on this node, not a pod, namespace gone",
      facts({ holder: withoutPod("n2"), namespaceState: "gone" }),
      "hand-over: its network namespace is gone",
    ],
    [
      "on this node, namespace unknown, pod alive",
      facts({ ...sameNode, holderNode: nodeFacts({ name: "n2" }) }),
      "refuse 11",
    ],
    [
      "a namespace that is gone on another node of the same name, in an earlier boot, of an unknown cluster",
      facts({
        holder: holder({ node: "n2", bootId: "boot-old" }),
        machine: "unknown",
        namespaceState: "gone",
        cluster: "unknown",
      }),
      "refuse 11",
    ],
    [
      "its own pod before a reboot, of an unknown cluster",
      facts({
        holder: holder({
          node: "n2",
          bootId: "boot-old",
          pod: { namespace: "default", name: "new", uid: "uid-new" },
        }),
        namespaceState: "gone",
        cluster: "unknown",
      }),
      "hand-over: its network namespace is gone",
    ],
    [
      "in this very boot the node is this one, whatever is known of the cluster",
      facts({ ...sameNode, namespaceState: "gone", cluster: "unknown" }),
      "hand-over: its network namespace is gone",
    ],

    [
      "fenced: pod gone, node deleted",
      facts({ ...gonePod, holderNode: "absent" }),
      "hand-over: its node is fenced",
    ],
    [
      "fenced: pod replaced, node deleted",
      facts({ ...replaced, holderNode: "absent" }),
      "hand-over: its node is fenced",
    ],
    [
      "fenced: a pod of unknown UID runs on another node now, node deleted",
      facts({ holder: unnamed, holderPod: podFacts({ nodeName: "n2" }), holderNode: "absent" }),
      "hand-over: its node is fenced",
    ],
    [
      "not fenced: a pod of unknown UID is still bound to its node, which is deleted",
      facts({ holder: unnamed, holderNode: "absent" }),
      "refuse 11",
    ],
    [
      "not fenced: a pod of unknown UID on a node whose name was never verified",
      facts({
        holder: { ...unnamed, nodeVerified: false },
        holderPod: podFacts({ nodeName: "n2" }),
        holderNode: "absent",
      }),
      "refuse 11",
    ],
    [
      "leaving: a pod of unknown UID is another one, which is to run elsewhere",
      facts({ holder: unnamed, holderPod: podFacts({ nodeName: "n2" }) }),
      "wait 11",
    ],
    ["alive: a pod of unknown UID, still bound to its node", facts({ holder: unnamed }), "refuse 11"],
    [
      "fenced: pod gone, node NotReady with the out-of-service taint",
      facts({ ...gonePod, holderNode: nodeFacts({ ready: "unknown", outOfServiceTaint: true }) }),
      "hand-over: its node is fenced",
    ],
    [
      "fenced: pod gone, node Ready in another boot",
      facts({ ...gonePod, holderNode: nodeFacts({ bootId: "boot-later" }) }),
      "hand-over: its node is fenced",
    ],
    ["not fenced: pod gone, node NotReady", facts({ ...gonePod, holderNode: notReady }), "wait 11"],
    [
      "not fenced: NotReady in another boot, as the kubelet has not said that it runs",
      facts({ ...gonePod, holderNode: nodeFacts({ ready: "false", bootId: "boot-later" }) }),
      "wait 11",
    ],
    [
      "not fenced: Ready in spite of the taint",
      facts({ ...gonePod, holderNode: nodeFacts({ outOfServiceTaint: true }) }),
      "wait 11",
    ],
    [
      "not fenced: the node's name was never verified",
      facts({ ...gonePod, holder: holder({ nodeVerified: false }), holderNode: "absent" }),
      "wait 11",
    ],
    [
      "not fenced: no boot ID is known of the node, or of the record",
      facts({ ...gonePod, holderNode: nodeFacts({ bootId: "" }) }),
      "wait 11",
    ],
    [
      "not fenced: no boot ID is known of the record",
      facts({ ...gonePod, holder: holder({ bootId: "" }), holderNode: nodeFacts({ bootId: "boot-x" }) }),
      "wait 11",
    ],
    [
      "no launcher of the migrating machine any more: the pod of that name is another one",
      facts({ asker: migrating, holderPod: podFacts({ ...launcher, uid: "uid-other" }) }),
      "wait 11",
    ],
    [
      "perhaps a launcher of the migrating machine, but no UID was recorded",
      facts({
        asker: migrating,
        holder: holder({ pod: { namespace: "default", name: "old" } }),
        holderPod: launcher,
      }),
      "refuse 11",
    ],
    [
      "a pod of the asker's UID on another node is not its own earlier sandbox",
      facts({
        holder: holder({ pod: { namespace: "default", name: "new", uid: "uid-new" } }),
        holderPod: podFacts({ name: "new", uid: "uid-new" }),
      }),
      "refuse 11",
    ],
    [
      "alive on this node, and the asker is not a pod",
      facts({ ...sameNode, asker: notAPod, holderNode: nodeFacts({ name: "n2" }) }),
      "refuse 11",
    ],
    ["not fenced: the pod is still there", facts({ holderNode: "absent" }), "refuse 11"],
    ["not fenced: the node is not known", facts({ ...gonePod, holderNode: "unknown" }), "wait 11"],
    ["not fenced: the pod is not known", facts({ holderPod: "unknown", holderNode: "absent" }), "refuse 11"],
    [
      "not fenced: without a UID the pod of that name may be it",
      facts({ holder: holder({ pod: { namespace: "default", name: "old" } }), holderNode: "absent" }),
      "refuse 11",
    ],
    [
      "not fenced for an asker of whom nothing is known",
      facts({ ...gonePod, holderNode: "absent", asker: asker({ podState: "unknown" }) }),
      "wait 11",
    ],
    [
      "fenced for an asker that is no pod",
      facts({ ...gonePod, holderNode: "absent", asker: withoutPodAsker() }),
      "hand-over: its node is fenced",
    ],

    [
      "an asker that is gone",
      facts({ ...gonePod, holderNode: "absent", asker: asker({ podState: "absent" }) }),
      "refuse 108",
    ],
    [
      "an asker that was replaced",
      facts({ ...gonePod, holderNode: "absent", asker: asker({ podState: podFacts({ uid: "uid-newer" }) }) }),
      "refuse 108",
    ],
    [
      "an asker that is being deleted",
      facts({ asker: asker({ podState: askerState({ deleting: true }) }) }),
      "refuse 108",
    ],
    [
      "an asker that is being deleted, of what is gone on its own node",
      facts({
        ...sameNode,
        namespaceState: "gone",
        asker: asker({ podState: askerState({ deleting: true }) }),
      }),
      "refuse 108",
    ],
    [
      "an asker that has finished",
      facts({ asker: asker({ podState: askerState({ finished: true }) }) }),
      "refuse 108",
    ],

    [
      "a launcher of the same machine while it migrates",
      facts({ asker: migrating, holderPod: launcher }),
      "share",
    ],
    [
      "a launcher of another machine",
      facts({ asker: migrating, holderPod: podFacts({ ownerReferences: [instanceReference("uid-vmi-2")] }) }),
      "refuse 11",
    ],
    [
      "a pod that names the machine without being controlled by it",
      facts({
        asker: migrating,
        holderPod: podFacts({ ownerReferences: [{ ...instanceReference("uid-vmi"), controller: false }] }),
      }),
      "refuse 11",
    ],
    [
      "a pod of another namespace that claims the machine's instance for its own",
      facts({
        asker: migrating,
        holder: holder({ pod: { namespace: "team-b", name: "old", uid: "uid-old" } }),
        holderPod: podFacts({ ...launcher, namespace: "team-b" }),
      }),
      "refuse 11",
    ],
    ["a launcher of the same machine that does not migrate", facts({ holderPod: launcher }), "refuse 11"],

    [
      "the same pod in another sandbox on this node",
      facts({ holder: holder({ node: "n2", pod: { namespace: "default", name: "new", uid: "uid-new" } }) }),
      "wait 11",
    ],
    [
      "the same pod in another sandbox, no Kubernetes",
      facts({
        holder: holder({ node: "n2", pod: { namespace: "default", name: "new", uid: "uid-new" } }),
        asker: asker({ podState: "unknown" }),
        holderPod: "unknown",
        holderNode: "unknown",
      }),
      "wait 11",
    ],

    ["a pod being deleted", facts({ holderPod: podFacts({ deleting: true }) }), "wait 11"],
    ["a pod that is gone", facts(gonePod), "wait 11"],
    ["a pod that was replaced", facts(replaced), "wait 11"],
    ["a pod that has finished", facts({ holderPod: podFacts({ finished: true }) }), "wait 11"],
    [
      "a static pod's mirror has a UID of its own and is not replaced",
      facts({
        holderPod: podFacts({
          uid: "uid-api",
          mirror: true,
          annotations: { "kubernetes.io/config.hash": "uid-old" },
        }),
      }),
      "refuse 11",
    ],

    [
      "a pod that only pretends to be the mirror of it is a replacement",
      facts({
        holderPod: podFacts({ uid: "uid-api", annotations: { "kubernetes.io/config.hash": "uid-old" } }),
      }),
      "wait 11",
    ],
    ["on a NotReady node", facts({ holderNode: notReady }), "refuse 11"],
    ["on an unknown node", facts({ holderNode: "unknown" }), "refuse 11"],
    ["an unknown pod", facts({ holderPod: "unknown" }), "refuse 11"],
    ["alive", facts(), "refuse 11"],
    ["not a pod", facts({ holder: withoutPod("n1") }), "refuse 101"],

    ["another cluster's pod", facts({ ...gonePod, holderNode: "absent", cluster: "other" }), "refuse 11"],
    [
      "another cluster's node of this name",
      facts({ ...sameNode, namespaceState: "gone", kept: true, cluster: "other" }),
      "refuse 11",
    ],
    [
      "another cluster's launcher",
      facts({ asker: migrating, holderPod: launcher, cluster: "other" }),
      "refuse 11",
    ],
    [
      "a cluster that cannot be told",
      facts({ ...gonePod, holderNode: "absent", cluster: "unknown" }),
      "refuse 11",
    ],
  ];
  test.each(rows)("%s", (_name, given, expected) => {
    expect(outcome(given)).toBe(expected);
  });
});

describe("EVIDENCE", () => {
  test("never hands over without it, whatever the facts", () => {
    fc.assert(
      fc.property(anyFacts(), (given) => {
        if (judge(given).action === "hand-over") expect(evident(given)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test("and always with it, for an asker that is wanted", () => {
    fc.assert(
      fc.property(anyFacts(), (given) => {
        const wanted = { ...given, asker: asker({ node: given.asker.node }) };
        if (evident(wanted)) expect(judge(wanted).action).toBe("hand-over");
      }),
      { numRuns: 5_000 },
    );
  });
});

/** Design section 4 in other words than the program's. */
function evident({
  cluster,
  holder,
  holderNode,
  holderPod,
  kept,
  machine,
  namespaceState,
}: HandOverFacts): boolean {
  if (cluster === "other") return false;
  const thisMachine = machine === "this" || (machine === "unknown" && cluster === "same");
  if (thisMachine && (kept || namespaceState === "gone")) return true;
  if (cluster === "unknown" || !holder.nodeVerified || holder.pod === undefined) return false;
  if (holderPod === "unknown" || (holderPod !== "absent" && holderPod.uid === holder.pod.uid)) return false;
  if (holderNode === "absent") return true;
  if (holderNode === "unknown") return false;
  return holderNode.ready === "true" ? holderNode.bootId !== holder.bootId : holderNode.outOfServiceTaint;
}

function anyFacts(): fc.Arbitrary<HandOverFacts> {
  const bool = fc.boolean();
  const pod = fc
    .record({ uid: fc.constantFrom("uid-old", "uid-x"), deleting: bool, finished: bool })
    .map(podFacts);
  const node = fc
    .record({
      ready: fc.constantFrom("true", "false", "unknown"),
      bootId: fc.constantFrom("boot-n1", "boot-x"),
      outOfServiceTaint: bool,
    })
    .map((change) => nodeFacts(change as Parameters<typeof nodeFacts>[0]));
  const state = fc.oneof(
    fc.constant("unknown" as const),
    fc.constant("absent" as const),
    fc.constant(asker().podState),
  );
  return fc.record({
    address: fc.constant(facts().address),
    holder: fc
      .record({
        node: fc.constantFrom("n1", "n2"),
        bootId: fc.constantFrom("boot-n1", "boot-n2"),
        nodeVerified: bool,
      })
      .map(holder),
    asker: state.map((podState) => asker({ podState })),
    cluster: fc.constantFrom("same", "other", "unknown"),
    machine: fc.constantFrom("this", "other", "unknown"),
    namespaceState: fc.constantFrom("present", "gone", "unknown"),
    kept: bool,
    holderPod: fc.oneof(fc.constant("unknown" as const), fc.constant("absent" as const), pod),
    holderNode: fc.oneof(fc.constant("unknown" as const), fc.constant("absent" as const), node),
  }) as fc.Arbitrary<HandOverFacts>;
}

function withoutPod(node: string) {
  const { pod: _pod, ...rest } = holder({ node, nodeVerified: false, bootId: `boot-${node}` });
  return rest;
}

function withoutPodAsker() {
  const { pod: _pod, ...rest } = asker({ podState: "unknown" });
  return rest;
}

function askerState(change: Parameters<typeof podFacts>[0]) {
  return podFacts({ name: "new", uid: "uid-new", nodeName: "n2", ...change });
}

describe("what this node decides without asking Kubernetes", () => {
  const silent = { holderPod: "unknown", holderNode: "unknown" } as const;
  const here = holder({ node: "n2", bootId: "boot-n2" });
  const unwanted = asker({ podState: podFacts({ name: "new", uid: "uid-new", deleting: true }) });
  const ownPod = holder({ ...here, ...(asker().pod && { pod: asker().pod }) });
  const decided: readonly [HandOverRow, Partial<HandOverFacts>][] = [
    ["same attachment", { holder: { ...here, attachment: asker().attachment } }],
    ["same container", { holder: { ...here, attachment: { ...asker().attachment, ifname: "net1" } } }],
    ["asker not wanted", { asker: unwanted }],
    ["on this node, and gone", { holder: here, namespaceState: "gone" }],
    ["same pod", { holder: ownPod, namespaceState: "present" }],
    ["not a pod", { holder: withoutPod("n1") }],
  ];

  test.each(decided)("'%s' is", (_row, change) => {
    expect(decidedLocally(facts({ ...silent, ...change }))).toBe(true);
  });

  test.each([
    ["another node's pod", {}],
    ["this node's pod whose namespace is there", { holder: here, namespaceState: "present" }],
    [
      "another cluster's record of a node of this name",
      { cluster: "other", holder: here, namespaceState: "gone" },
    ],
  ] as const)("%s is not", (_what, change) => {
    expect(decidedLocally(facts({ ...silent, ...change }))).toBe(false);
  });
});
