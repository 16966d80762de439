import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { OwnerReference, PodFacts } from "../../ipam/cluster-port.ts";
import type { IpamError } from "../../ipam/errors.ts";
import { lazyCluster } from "../ports/lazy-cluster.ts";
import { apiStatus, controller, object, startFakeApi } from "../testing/fake-api.ts";

const api = startFakeApi();
const cluster = lazyCluster({ kubeConfig: api.kubeConfig() });
afterAll(() => api.close());
beforeEach(() => {
  api.answers.clear();
  api.requests.length = 0;
});

function soon(): number {
  return performance.now() + 20_000;
}

function pod(name: string, owner?: object, annotations: Record<string, string> = {}): PodFacts {
  return {
    namespace: "default",
    name,
    uid: "pod-uid",
    annotations,
    labels: {},
    deleting: false,
    finished: false,
    mirror: false,
    ownerReferences: owner === undefined ? [] : [owner as OwnerReference],
    podIPs: [],
  };
}

function answer(path: string, body: object): void {
  api.answers.set(path, body);
}

const APPS = "/apis/apps/v1/namespaces/default";
const BATCH = "/apis/batch/v1/namespaces/default";
const KUBEVIRT = "/apis/kubevirt.io/v1/namespaces/default";

describe("ownerOf", () => {
  test("a bare pod is its own owner, by name", async () => {
    expect(await cluster.ownerOf(pod("web"), soon())).toEqual({
      owner: { kind: "Pod", namespace: "default", name: "web" },
    });
  });

  test.each([
    ["a static pod's Node", "v1", "Node"],
    ["what is called as a namespace's share of a pool", "x.io/v1", "Pool"],
    ["what is called as an operator's remark", "x.io/v1", "Note"],
    ["K121: what is called as a block of a recovery", "x.io/v1", "Recovery"],
  ])("%s is not its owner", async (_name, apiVersion, kind) => {
    const itself = { kind: "Pod", namespace: "default", name: "etcd-n1" };
    const by = controller(apiVersion, kind, "n1", "n");
    expect((await cluster.ownerOf(pod("etcd-n1", by), soon())).owner).toEqual(itself);
    answer(`${APPS}/replicasets/web-1`, object("web-1", "r1", { ownerReferences: [by] }));
    const below = pod("web-1-x", controller("apps/v1", "ReplicaSet", "web-1", "r1"));
    expect((await cluster.ownerOf(below, soon())).owner.kind).toBe("ReplicaSet");
  });

  test("a ReplicaSet's Deployment", async () => {
    answer(
      `${APPS}/replicasets/web-1`,
      object("web-1", "r1", { ownerReferences: [controller("apps/v1", "Deployment", "web", "d1")] }),
    );
    const owned = pod("web-1-x", controller("apps/v1", "ReplicaSet", "web-1", "r1"));
    expect(await cluster.ownerOf(owned, soon())).toEqual({
      owner: { kind: "Deployment", namespace: "default", name: "web", uid: "d1" },
    });
  });

  test("a ReplicaSet's owner of another kind keeps its apiVersion", async () => {
    const rollout = controller("argoproj.io/v1alpha1", "Rollout", "web", "d1");
    answer(`${APPS}/replicasets/web-1`, object("web-1", "r1", { ownerReferences: [rollout] }));
    const owned = pod("web-1-x", controller("apps/v1", "ReplicaSet", "web-1", "r1"));
    expect((await cluster.ownerOf(owned, soon())).owner).toEqual({
      kind: "Rollout",
      namespace: "default",
      name: "web",
      uid: "d1",
      apiVersion: "argoproj.io/v1alpha1",
    });
  });

  test("a ReplicaSet that is gone or was replaced leads to nobody else", async () => {
    answer(
      `${APPS}/replicasets/web-1`,
      object("web-1", "r2", { ownerReferences: [controller("apps/v1", "Deployment", "web", "d1")] }),
    );
    const owned = pod("web-1-x", controller("apps/v1", "ReplicaSet", "web-1", "r1"));
    const itself = { kind: "ReplicaSet", namespace: "default", name: "web-1", uid: "r1" };
    expect((await cluster.ownerOf(owned, soon())).owner).toEqual(itself);
    api.answers.clear();
    expect((await cluster.ownerOf(owned, soon())).owner).toEqual(itself);
  });

  test("a Job's CronJob, or the Job", async () => {
    const owned = pod("run-1-x", controller("batch/v1", "Job", "run-1", "j1"));
    answer(`${BATCH}/jobs/run-1`, object("run-1", "j1"));
    expect((await cluster.ownerOf(owned, soon())).owner.kind).toBe("Job");
    answer(
      `${BATCH}/jobs/run-1`,
      object("run-1", "j1", { ownerReferences: [controller("batch/v1", "CronJob", "run", "c1")] }),
    );
    expect((await cluster.ownerOf(owned, soon())).owner).toEqual({
      kind: "CronJob",
      namespace: "default",
      name: "run",
      uid: "c1",
    });
  });

  test("J93: a ReplicationController's DeploymentConfig, or the controller itself where it may not be read", async () => {
    const path = "/api/v1/namespaces/default/replicationcontrollers/db-3";
    const owned = pod("db-3-x7k2p", controller("v1", "ReplicationController", "db-3", "rc3"));
    const above = controller("apps.openshift.io/v1", "DeploymentConfig", "db", "dc");
    answer(path, object("db-3", "rc3", { ownerReferences: [above] }));
    expect(await cluster.ownerOf(owned, soon())).toEqual({
      owner: {
        kind: "DeploymentConfig",
        namespace: "default",
        name: "db",
        uid: "dc",
        apiVersion: "apps.openshift.io/v1",
      },
    });
    const itself = {
      owner: { kind: "ReplicationController", namespace: "default", name: "db-3", uid: "rc3" },
    };
    answer(path, apiStatus(403, "Forbidden", "no"));
    expect(await cluster.ownerOf(owned, soon())).toEqual(itself);
    answer(path, object("db-3", "another", { ownerReferences: [above] }));
    expect(await cluster.ownerOf(owned, soon())).toEqual(itself);
    answer(path, apiStatus(500, "InternalError", "no"));
    await expect(cluster.ownerOf(owned, soon())).rejects.toThrow();
  });

  test.each([
    ["apps.kruise.io/v1beta1", "StatefulSet", "s-2", { place: "s-2", likelyOrdinal: 2 }],
    ["apps.kruise.io/v1beta1", "StatefulSet", "other-2", { place: "other-2" }],
    ["core.strimzi.io/v1beta2", "StrimziPodSet", "s-kafka-2", { place: "s-kafka-2" }],
    ["postgresql.cnpg.io/v1", "Cluster", "s-1", { place: "s-1" }],
    ["apps.kruise.io/v1alpha1", "CloneSet", "s-x7k2p", {}],
    ["apps/v1", "DaemonSet", "s-x7k2p", {}],
  ])(
    "J94: pods of another program's controller that come back under their names: %s %s %s",
    async (apiVersion, kind, name, facts) => {
      const { owner, ...rest } = await cluster.ownerOf(
        pod(name, controller(apiVersion, kind, "s", "u")),
        soon(),
      );
      expect(owner.name).toBe("s");
      expect(rest).toEqual(facts);
    },
  );

  test("a pod template's annotations, where it may be read", async () => {
    const deployment = { kind: "Deployment", namespace: "default", name: "web", uid: "d1" };
    const path = `${APPS}/deployments/web`;
    const template = { metadata: { annotations: { "kube-ipam.ip": "10.0.0.9" } } };
    answer(path, object("web", "d1", { spec: { template } }));
    expect(await cluster.template?.(deployment, soon())).toEqual({ "kube-ipam.ip": "10.0.0.9" });
    answer(path, object("web", "d1", { spec: { template: { metadata: null } } }));
    expect(await cluster.template?.(deployment, soon())).toBeUndefined();
    answer(path, object("web", "d2", { spec: { template } }));
    expect(await cluster.template?.(deployment, soon())).toBeUndefined();
    answer(path, apiStatus(403, "Forbidden", "no"));
    expect(await cluster.template?.(deployment, soon())).toBeUndefined();
    const cron = { kind: "CronJob", namespace: "default", name: "run", uid: "c1" };
    answer(`${BATCH}/cronjobs/run`, object("run", "c1", { spec: { jobTemplate: { spec: { template } } } }));
    expect(await cluster.template?.(cron, soon())).toEqual({ "kube-ipam.ip": "10.0.0.9" });
  });

  test.each([
    [{}, "db-0", 0],
    [{}, "db-12", 12],
    [{ ordinals: { start: 5 } }, "db-7", 2],
    [{ ordinals: { start: 5 } }, "db-4", -1],
    [{}, "db-x", -1],
    [{}, "db-007", -1],
    [{}, "abc7", -1],
    [{}, "db-", -1],
  ])("a StatefulSet's ordinal: %j %s", async (spec, name, ordinal) => {
    answer(`${APPS}/statefulsets/db`, object("db", "s1", { spec }));
    const facts = await cluster.ownerOf(pod(name, controller("apps/v1", "StatefulSet", "db", "s1")), soon());
    expect(facts.owner).toEqual({ kind: "StatefulSet", namespace: "default", name: "db", uid: "s1" });
    expect(facts.ordinal).toBe(ordinal);
  });

  test("a StatefulSet that is gone leaves no ordinal to guess", async () => {
    const owned = pod("db-0", controller("apps/v1", "StatefulSet", "db", "s1"));
    await expect(cluster.ownerOf(owned, soon())).rejects.toThrow(
      "StatefulSet default/db of pod db-0 is gone or was replaced",
    );
  });

  test("another controller is the owner itself, and is not asked for", async () => {
    const owned = pod("ds-x", controller("apps/v1", "DaemonSet", "ds", "e1"));
    expect((await cluster.ownerOf(owned, soon())).owner).toEqual({
      kind: "DaemonSet",
      namespace: "default",
      name: "ds",
      uid: "e1",
    });
    const forked = pod("x", controller("apps.kruise.io/v1beta1", "StatefulSet", "db", "k1"));
    expect((await cluster.ownerOf(forked, soon())).owner.apiVersion).toBe("apps.kruise.io/v1beta1");
    expect(api.requests).toEqual([]);
  });
});

describe("ownerOf a KubeVirt launcher", () => {
  const reference = controller("kubevirt.io/v1", "VirtualMachineInstance", "vm", "i1");
  const machine = controller("kubevirt.io/v1", "VirtualMachine", "vm", "m1");
  const owner = { kind: "VirtualMachine", namespace: "default", name: "vm", uid: "m1" };
  const instance = (migrationState?: object) => {
    const status = migrationState === undefined ? {} : { migrationState };
    answer(
      `${KUBEVIRT}/virtualmachineinstances/vm`,
      object("vm", "i1", { ownerReferences: [machine], status }),
    );
  };
  const target = pod("virt-launcher-vm-2", reference, { "kubevirt.io/migrationJobName": "move" });
  const migration = (vmiName: string, phase?: string) =>
    answer(
      `${KUBEVIRT}/virtualmachineinstancemigrations/move`,
      object("move", "g1", { spec: { vmiName }, status: { phase } }),
    );

  test("is its virtual machine", async () => {
    instance();
    expect(await cluster.ownerOf(pod("virt-launcher-vm-1", reference), soon())).toEqual({ owner });
  });

  test("is its instance, where no machine made it or KubeVirt is not there", async () => {
    const alone = { kind: "VirtualMachineInstance", namespace: "default", name: "vm", uid: "i1" };
    answer(`${KUBEVIRT}/virtualmachineinstances/vm`, object("vm", "i1"));
    expect(await cluster.ownerOf(pod("virt-launcher-vm-1", reference), soon())).toEqual({ owner: alone });
    answer(`${KUBEVIRT}/virtualmachineinstances/vm`, new Response("404 page not found", { status: 404 }));
    expect(await cluster.ownerOf(pod("virt-launcher-vm-1", reference), soon())).toEqual({ owner: alone });
  });

  test("is not the machine of an instance that was replaced", async () => {
    answer(`${KUBEVIRT}/virtualmachineinstances/vm`, object("vm", "i2", { ownerReferences: [machine] }));
    await expect(cluster.ownerOf(pod("virt-launcher-vm-1", reference), soon())).rejects.toThrow(
      "VirtualMachineInstance default/vm of pod virt-launcher-vm-1 is gone or was replaced",
    );
  });

  test.each([
    [{ startTimestamp: "t" }, true],
    [{ completed: true }, false],
    [{ failed: true }, false],
    [{ endTimestamp: "t" }, false],
    [{ endTimestamp: null }, true],
  ])("migrates by its instance's status: %j", async (state, migrating) => {
    instance(state);
    const facts = await cluster.ownerOf(pod("virt-launcher-vm-1", reference), soon());
    expect(facts.migratingInstance).toBe((migrating ? "i1" : undefined) as string);
  });

  test.each([
    ["vm", undefined, true],
    ["vm", "Scheduling", true],
    ["vm", "Succeeded", false],
    ["vm", "Failed", false],
    ["another-vm", "Scheduling", false],
  ])("is a migration's target by the migration itself: %s %s", async (vmiName, phase, migrating) => {
    instance();
    migration(vmiName, phase);
    expect((await cluster.ownerOf(target, soon())).migratingInstance).toBe(
      (migrating ? "i1" : undefined) as string,
    );
  });

  test("an annotation without a migration proves nothing", async () => {
    instance();
    expect((await cluster.ownerOf(target, soon())).migratingInstance).toBeUndefined();
  });
});

const MALFORMED: readonly (readonly [string, Partial<OwnerReference>])[] = [
  ["a path in the apiVersion", { apiVersion: "..\\api\\v1\\namespaces\\kube-system\\secrets?/v1" }],
  ["a group that climbs", { apiVersion: "../v1" }],
  ["a version of two segments", { apiVersion: "a/b/c" }],
  ["a name of 250,000 letters", { name: "n".repeat(250_000) }],
  ["the name ..", { name: "..", kind: "ReplicaSet", apiVersion: "apps/v1" }],
  ["a name with control characters", { name: "x\u001b]0;T\u0007" }],
  ["a kind that is a path", { kind: "../x" }],
  ["a kind of 64 letters", { kind: "K".repeat(64) }],
  ["a UID of 129 letters", { uid: "u".repeat(129) }],
];

describe("J75: a reference that Kubernetes' own objects never have", () => {
  test.each(MALFORMED)("%s is an error, and no request", async (_name, part) => {
    const reference = { ...controller("e.x/v1", "Foo", "x", "u1"), ...part } as OwnerReference;
    const asked = cluster.ownerOf(pod("web", reference), soon());
    const failure = (await asked.catch((error: unknown) => error)) as IpamError;
    expect(failure).toMatchObject({ name: "annotationMalformed" });
    expect(`${failure.message}${failure.details}`.length).toBeLessThan(800);
    expect(api.requests).toEqual([]);
  });

  test.each(MALFORMED)("%s on the workload above is an error as well", async (_name, part) => {
    const above = { ...controller("e.x/v1", "Foo", "x", "u1"), ...part } as OwnerReference;
    answer(`${APPS}/replicasets/web-1`, object("web-1", "r1", { ownerReferences: [above] }));
    const below = pod("web-1-x", controller("apps/v1", "ReplicaSet", "web-1", "r1"));
    const failure = (await cluster.ownerOf(below, soon()).catch((error: unknown) => error)) as IpamError;
    expect(failure).toMatchObject({ name: "annotationMalformed" });
    expect(failure.message).toContain("ReplicaSet default/web-1");
  });

  test("J76: in a record of an older program its state is unknown, without a request", async () => {
    for (const [, part] of MALFORMED) {
      const { controller: _, ...reference } = {
        ...controller("e.x/v1", "Foo", "x", "u1"),
        ...part,
      } as OwnerReference;
      expect(await cluster.ownerState({ ...reference, namespace: "default" }, soon())).toBe("unknown");
    }
    const elsewhere = { kind: "Pod", namespace: "../../x", name: "web" };
    expect(await cluster.ownerState(elsewhere, soon())).toBe("unknown");
    expect(api.requests).toEqual([]);
  });

  test.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "the kind %s is none that is known",
    async (kind) => {
      expect(await cluster.ownerState({ kind, namespace: "default", name: "x" }, soon())).toBe("unknown");
      expect(api.requests).toEqual([]);
    },
  );
});

describe("ownerState", () => {
  const deployment = { kind: "Deployment", namespace: "default", name: "web", uid: "d1" };

  test("present, gone, replaced", async () => {
    expect(await cluster.ownerState(deployment, soon())).toBe("gone");
    answer(`${APPS}/deployments/web`, object("web", "d1"));
    expect(await cluster.ownerState(deployment, soon())).toBe("present");
    expect(await cluster.ownerState({ ...deployment, uid: "d0" }, soon())).toBe("gone");
    const { uid: _none, ...byName } = deployment;
    expect(await cluster.ownerState(byName, soon())).toBe("present");
  });

  test("EVIDENCE: no KubeVirt, or a kind nobody knows, is no absence", async () => {
    answer(`${KUBEVIRT}/virtualmachines/vm`, new Response("404 page not found", { status: 404 }));
    expect(
      await cluster.ownerState({ kind: "VirtualMachine", namespace: "default", name: "vm" }, soon()),
    ).toBe("unknown");
    expect(await cluster.ownerState({ kind: "Note", namespace: "", name: "router" }, soon())).toBe("unknown");
  });

  test("a custom kind is found by its group", async () => {
    const rollout = {
      kind: "Rollout",
      namespace: "default",
      name: "web",
      uid: "d1",
      apiVersion: "argoproj.io/v1alpha1",
    };
    expect(await cluster.ownerState(rollout, soon())).toBe("unknown");
    answer("/apis/argoproj.io/v1alpha1", {
      kind: "APIResourceList",
      resources: [
        { name: "rollouts/status", kind: "Rollout", namespaced: true },
        { name: "rollouts", kind: "Rollout", namespaced: true },
      ],
    });
    expect(await cluster.ownerState(rollout, soon())).toBe("gone");
    answer("/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/web", object("web", "d1"));
    expect(await cluster.ownerState(rollout, soon())).toBe("present");
    answer("/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/web", apiStatus(403, "Forbidden", "no"));
    await expect(cluster.ownerState(rollout, soon())).rejects.toThrow(
      "does not allow this account to get rollouts.argoproj.io in namespace default",
    );
    const told = await cluster.ownerState(rollout, soon()).catch(({ details }) => details);
    expect(told).toBe(
      'no; bind a ClusterRole with the rule {apiGroups: ["argoproj.io"], resources: ["rollouts"], verbs: ["get"]}: ' +
        "deploy/rbac has none for other programs' kinds",
    );
  });
});
