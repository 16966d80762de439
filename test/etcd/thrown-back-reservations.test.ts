import { afterAll, beforeAll, expect, test } from "bun:test";
import { controller, type FakeApi, object, startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { refused } from "../kit/cni.ts";
import { etcdOfFile } from "../kit/etcd-of-file.ts";
import { BUMPED } from "../kit/etcd-restore.ts";
import { Pair } from "../kit/pair.ts";
import { showNodes, showPod } from "../kit/shown-objects.ts";

/** Reservations that pods made after the snapshot: of a fixed address, and of a sticky owner. */

const LIMIT = 120_000;

const etcd = etcdOfFile({ version: "3.6" });
let api: FakeApi;

beforeAll(() => {
  api = startFakeApi();
  api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "cluster"));
  showNodes(api, "n1", "n2");
  api.answers.set("/api/v1/pods", { kind: "PodList", metadata: {}, items: [] });
  api.answers.set(
    "/apis/apps/v1/namespaces/default/statefulsets/s",
    object("s", "S", { spec: { replicas: 2 } }),
  );
});
afterAll(() => api.close());

const ownerReferences = [controller("apps/v1", "StatefulSet", "s", "S")];
const sticky = (nodeName: string, name: string, uid: string) =>
  showPod(api, name, uid, { nodeName, annotations: { "kube-ipam.sticky": "true" }, ownerReferences });

test(
  "K65: reservations and sticky owners that were made after the snapshot come back with their pods",
  async () => {
    await using pair = await Pair.open(etcd(), ["plugin", "plugin"], { kubeConfig: api.kubeConfig() });
    const { one, two } = pair;
    await pair.add(two, "x", showPod(api, "x", "x", { nodeName: "n2" }));
    const snapshot = await etcd().snapshot();
    const fixed = "10.50.0.9";
    const annotations = { "kube-ipam.ip": fixed, "kube-ipam.retain": "1h" };
    await pair.add(one, "f", showPod(api, "f", "f", { nodeName: "n1", annotations }));
    const own = [
      await pair.add(one, "s0", sticky("n1", "s-0", "s0")),
      await pair.add(one, "s1", sticky("n1", "s-1", "s1")),
    ];
    await etcd().restore(snapshot, BUMPED);
    expect(refused(await one.tryAdd("y", showPod(api, "y", "y", { nodeName: "n1" }))).code).toBe(106);
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
