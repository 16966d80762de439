import { afterAll, beforeEach, expect, test } from "bun:test";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { podFacts } from "../../ipam/testing/hand-over.ts";
import { Api } from "../api/api.ts";
import { loadCredentials } from "../credentials/credentials.ts";
import { apiStatus, controller, object, startFakeApi } from "../testing/fake-api.ts";
import { workloadsAbove } from "./workloads-above.ts";

const fake = startFakeApi();
const api = new Api(loadCredentials({ kubeConfig: fake.kubeConfig() }));
afterAll(() => fake.close());
beforeEach(() => fake.answers.clear());

const APPS = "/apis/apps/v1/namespaces/default";
const POD = podFacts({
  ownerReferences: [controller("apps/v1", "ReplicaSet", "web-1", "r1")] as PodFacts["ownerReferences"],
});
const IP = { annotations: { "kube-ipam.ip": "10.1.2.5" } };

async function above(): Promise<string[]> {
  const found = await workloadsAbove(POD, api, performance.now() + 20_000);
  return found.map(({ owner, annotations }) => `${owner.kind} ${owner.name} ${Object.keys(annotations)}`);
}

function answerReplicaSet(uid = "r1"): void {
  const ownerReferences = [controller("apps/v1", "Deployment", "web", "d1")];
  fake.answers.set(`${APPS}/replicasets/web-1`, object("web-1", uid, { ...IP, ownerReferences }));
}

test("a ReplicaSet and its Deployment, each with its own annotations", async () => {
  answerReplicaSet();
  fake.answers.set(`${APPS}/deployments/web`, object("web", "d1", IP));
  expect(await above()).toEqual(["ReplicaSet web-1 kube-ipam.ip", "Deployment web kube-ipam.ip"]);
});

test("J64: one that may not be read, is gone, or was replaced, is where it ends", async () => {
  answerReplicaSet();
  expect(await above()).toEqual(["ReplicaSet web-1 kube-ipam.ip"]);
  fake.answers.set(`${APPS}/deployments/web`, apiStatus(403, "Forbidden", "no"));
  expect(await above()).toEqual(["ReplicaSet web-1 kube-ipam.ip"]);
  answerReplicaSet("r2");
  expect(await above()).toEqual([]);
});

test("references in a circle come to an end", async () => {
  const ownerReferences = [controller("apps/v1", "ReplicaSet", "web-1", "r1")];
  fake.answers.set(`${APPS}/replicasets/web-1`, object("web-1", "r1", { ownerReferences }));
  expect(await above()).toHaveLength(3);
});
