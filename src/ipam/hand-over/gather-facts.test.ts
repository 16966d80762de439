import { describe, expect, test } from "bun:test";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { IpamError } from "../errors.ts";
import type { Ports } from "../ports.ts";
import type { Holder, ReservationRecord } from "../records.ts";
import { judgeReservation } from "../reserve/judge-reservation.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { FakeNode } from "../testing/fake-node.ts";
import { ADDRESS, asker, holder, instanceReference, nodeFacts, podFacts } from "../testing/hand-over.ts";
import { type Asking, gatherFacts, gatherReservationFacts } from "./gather-facts.ts";
import { judge } from "./judge.ts";

const { attachment } = asker();
const asking: Asking = {
  space: "default",
  address: ADDRESS,
  attachment,
  pod: { namespace: "default", name: "new", uid: "uid-new" },
};

function world() {
  const cluster = new FakeCluster("cluster-1");
  const node = new FakeNode("n2");
  node.createNamespace("/run/netns/old");
  cluster.addPod(podFacts());
  cluster.addPod(podFacts({ name: "new", uid: "uid-new", nodeName: "n2" }));
  cluster.nodes.set("n1", nodeFacts());
  const ports: Ports = {
    store: createMemoryStore(),
    node,
    cluster,
    clusterNames: cluster.names,
    log: () => {},
    random: Math.random,
  };
  return { cluster, node, ports };
}

async function outcome(ports: Ports, of: Holder, by = asking): Promise<string> {
  const verdict = judge(await gatherFacts(by, of, ports, performance.now() + 1_000));
  return verdict.action === "hand-over" ? `hand-over: ${verdict.evidence}` : verdict.action;
}

function onThisNode(node: FakeNode): Holder {
  const namespace = node.identifyNamespace("/run/netns/old");
  return holder({ node: "n2", bootId: node.bootId, ...(namespace && { namespace }) });
}

describe("gatherFacts", () => {
  test("asks this node only, where a namespace that is gone decides", async () => {
    const { cluster, node, ports } = world();
    const of = onThisNode(node);
    node.removeNamespace("/run/netns/old");
    expect(await outcome(ports, of)).toBe("hand-over: its network namespace is gone");
    expect(cluster.calls).toEqual([]);
  });

  test("asks this node only, where a kept DEL decides", async () => {
    const { cluster, node, ports } = world();
    const of = onThisNode(node);
    node.keptReleases.keep({ version: 1, attachment: of.attachment, node: "n2", requestId: of.requestId });
    expect(await outcome(ports, of)).toBe("hand-over: its DEL came");
    expect(cluster.calls).toEqual([]);
  });

  test("gives nothing to a pod that this very ADD saw ending, and asks nobody again", async () => {
    const { cluster, node, ports } = world();
    const of = onThisNode(node);
    node.removeNamespace("/run/netns/old");
    const ending = [{ deleting: true }, { finished: true }, { uid: "uid-newer" }];
    for (const change of ending) {
      const seen = podFacts({ name: "new", uid: "uid-new", ...change });
      expect(await outcome(ports, of, { ...asking, seen })).toBe("refuse");
    }
    const seen = podFacts({ name: "new", uid: "uid-new" });
    expect(await outcome(ports, of, { ...asking, seen })).toBe("hand-over: its network namespace is gone");
    expect(cluster.calls).toEqual([]);
  });

  test("takes no kept DEL of another request for it (ONLY-MINE)", async () => {
    const { cluster, node, ports } = world();
    cluster.nodes.set("n2", nodeFacts({ name: "n2" }));
    const of = onThisNode(node);
    node.keptReleases.keep({
      version: 1,
      attachment: of.attachment,
      node: "n2",
      requestId: "an earlier one",
    });
    expect(await outcome(ports, of)).toBe("refuse");
    node.keptReleases.keep({ version: 1, attachment: of.attachment, node: "n2" });
    expect(await outcome(ports, of)).toBe("refuse");
  });

  test("asks for the holder's pod and node, and for nobody else while they live", async () => {
    const { cluster, ports } = world();
    expect(await outcome(ports, holder())).toBe("refuse");
    expect(cluster.calls).toEqual(["pod default/old", "node n1"]);
  });

  test("asks for the asker again right before it would be given the address", async () => {
    const { cluster, ports } = world();
    cluster.pods.delete("default/old");
    cluster.nodes.delete("n1");
    expect(await outcome(ports, holder())).toBe("hand-over: its node is fenced");
    expect(cluster.calls).toEqual(["pod default/old", "node n1", "pod default/new"]);
    cluster.pods.delete("default/new");
    expect(await outcome(ports, holder())).toBe("refuse");
  });

  test("lets two launchers share only while their instance migrates", async () => {
    const { cluster, ports } = world();
    cluster.addPod(podFacts({ ownerReferences: [instanceReference("uid-vmi")] }));
    const machine = { owner: { kind: "VirtualMachine", namespace: "default", name: "vm" } };
    expect(await outcome(ports, holder(), { ...asking, owner: machine })).toBe("refuse");
    expect(
      await outcome(ports, holder(), { ...asking, owner: { ...machine, migratingInstance: "uid-vmi" } }),
    ).toBe("share");
  });

  test("is in doubt, not in error, when Kubernetes does not answer", async () => {
    const { cluster, ports } = world();
    cluster.failure = new IpamError("kubernetesRefused", "may not get pods in namespace default");
    const verdict = judge(await gatherFacts(asking, holder(), ports, performance.now() + 1_000));
    expect(verdict.action === "refuse" && `${verdict.refusal.message}; ${verdict.refusal.details}`).toBe(
      "address 10.188.0.216 is held by pod default/old on node n1, and it is not known whether that pod has ended; " +
        "may not get pods in namespace default: the pod's containers may still run. If that " +
        "machine is switched off for certain, run 'kubectl delete node n1', or 'kubectl taint node n1 " +
        "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute', or 'kube-ipam ip release --force 10.188.0.216'",
    );
  });

  test("K54: asks whether the own API server knows the pod's UID, where a substitute tells nothing", async () => {
    const { cluster, ports } = world();
    const of = holder({ cluster: "authority-a" });
    cluster.addPod(podFacts({ deleting: true }));
    expect(await outcome(ports, of)).toBe("wait");
    cluster.addPod(podFacts({ uid: "uid-other", deleting: true }));
    expect(await outcome(ports, of)).toBe("refuse");
    cluster.pods.delete("default/old");
    cluster.nodes.delete("n1");
    expect(await outcome(ports, of)).toBe("refuse");
    expect(await outcome({ ...ports, clusterNames: calledBy("uid-1", "authority-a") }, of)).toBe(
      "hand-over: its node is fenced",
    );
  });

  test("does not ask its own cluster about another cluster's pod", async () => {
    const { cluster, ports } = world();
    expect(await outcome(ports, holder({ cluster: "cluster-2" }))).toBe("refuse");
    expect(cluster.calls).toEqual([]);
  });
});

describe("gatherReservationFacts", () => {
  const owner = { kind: "StatefulSet", namespace: "team-b", name: "db" };
  const reservation: ReservationRecord = {
    version: 1,
    owner,
    kind: "automatic",
    retain: "workload",
    since: "",
  };
  const gather = (ports: Ports, of = reservation, by = asking) =>
    gatherReservationFacts({ ...by, names: true }, of, false, ports, performance.now() + 1_000);

  test("asks for the owner where that may change the verdict", async () => {
    const { cluster, ports } = world();
    expect((await gather(ports)).ownerState).toBe("gone");
    cluster.present.add("StatefulSet team-b/db");
    expect((await gather(ports)).ownerState).toBe("present");
    expect(cluster.calls).toEqual(["ownerState StatefulSet team-b/db", "ownerState StatefulSet team-b/db"]);
  });

  test("asks its own cluster for an owner of another name's, of whom the asker has the UID", async () => {
    const { cluster, ports } = world();
    const of = { ...reservation, cluster: "cluster-2", owner: { ...owner, uid: "uid-db" } };
    cluster.present.add("StatefulSet team-b/db");
    const facts = await gather(ports, of, { ...asking, owner: { owner: of.owner } });
    expect(judgeReservation(facts).action).toBe("own");
    cluster.present.clear();
    const forged = await gather(ports, of, { ...asking, owner: { owner: of.owner } });
    expect(judgeReservation(forged).action).toBe("refuse");
  });

  test("asks nothing where it cannot", async () => {
    const { cluster, ports } = world();
    await gather(ports, { ...reservation, kind: "operator" });
    await gather(ports, { ...reservation, owner: { ...owner, namespace: "default" } });
    await gather(ports, { ...reservation, retain: "keep" });
    await gather(ports, { ...reservation, cluster: "cluster-2" });
    expect(cluster.calls).toEqual([]);
  });

  test("is in doubt when Kubernetes does not answer", async () => {
    const { cluster, ports } = world();
    cluster.goDown();
    const { ownerState, unknownBecause } = await gather(ports);
    expect([ownerState, unknownBecause?.message]).toEqual(["unknown", "the API server does not answer"]);
  });

  test("is in doubt where nobody can be asked, and tells it from not having to ask", async () => {
    const { cluster: _none, ...ports } = world().ports;
    expect((await gather(ports)).ownerState).toBe("unknown");
    expect((await gather(ports, { ...reservation, retain: "keep" })).ownerState).toBe("not asked");
  });
});
