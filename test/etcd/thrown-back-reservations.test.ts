import { afterAll, beforeAll, expect, test } from "bun:test";
import { controller, type FakeApi, object, startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { refused } from "../kit/cni.ts";
import { etcdOfFile } from "../kit/etcd-of-file.ts";
import { BUMPED } from "../kit/etcd-restore.ts";
import { Pair } from "../kit/pair.ts";

/** Reservations that pods made after the snapshot: of a fixed address, and of a sticky owner. */

const LIMIT = 120_000;

const etcd = etcdOfFile({ version: "3.6" });
let api: FakeApi;

beforeAll(() => {
  api = startFakeApi();
  api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "cluster"));
  const items = ["n1", "n2"].map((name) => ({ metadata: { name, uid: name }, spec: {}, status: {} }));
  api.answers.set("/api/v1/nodes", { kind: "NodeList", metadata: {}, items });
  for (const node of items) api.answers.set(`/api/v1/nodes/${node.metadata.name}`, node);
  api.answers.set("/api/v1/pods", { kind: "PodList", metadata: {}, items: [] });
  api.answers.set(
    "/apis/apps/v1/namespaces/default/statefulsets/s",
    object("s", "S", { spec: { replicas: 2 } }),
  );
});
afterAll(() => api.close());

/** CNI_ARGS of a pod that the API server shows from now on. */
function podOn(nodeName: string, name: string, uid: string, annotations: object, ownerReferences?: object[]) {
  const pod = object(name, uid, { annotations, ownerReferences, spec: { nodeName }, status: {} });
  api.answers.set(`/api/v1/namespaces/default/pods/${name}`, pod);
  return `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_UID=${uid}`;
}

const sticky = (nodeName: string, name: string, uid: string) =>
  podOn(nodeName, name, uid, { "kube-ipam.sticky": "true" }, [
    controller("apps/v1", "StatefulSet", "s", "S"),
  ]);

test(
  "K65: reservations and sticky owners that were made after the snapshot come back with their pods",
  async () => {
    await using pair = await Pair.open(etcd(), ["plugin", "plugin"], { kubeConfig: api.kubeConfig() });
    const { one, two } = pair;
    await pair.add(two, "x", podOn("n2", "x", "x", {}));
    const snapshot = await etcd().snapshot();
    const fixed = "10.50.0.9";
    await pair.add(one, "f", podOn("n1", "f", "f", { "kube-ipam.ip": fixed, "kube-ipam.retain": "1h" }));
    const own = [
      await pair.add(one, "s0", sticky("n1", "s-0", "s0")),
      await pair.add(one, "s1", sticky("n1", "s-1", "s1")),
    ];
    await etcd().restore(snapshot, BUMPED);
    expect(refused(await one.tryAdd("y", podOn("n1", "y", "y", {}))).code).toBe(106);
    await one.end("y");
    await pair.expectStopped();
    expect((await pair.recover()).exitCode).toBe(0);
    await pair.sound();
    for (const container of ["f", "s0", "s1"]) await pair.end(one, container);
    // Nobody else gets them, and the workload's next pods do, on another node too.
    for (const address of [fixed, ...own])
      expect(refused(await two.tryAdd("thief", `IP=${address}`)).code).toBe(101);
    await two.end("thief");
    expect(await pair.add(two, "s1-again", sticky("n2", "s-1", "s1-again"))).toBe(own[1] ?? "");
    expect(await pair.add(two, "s0-again", sticky("n2", "s-0", "s0-again"))).toBe(own[0] ?? "");
  },
  LIMIT,
);
