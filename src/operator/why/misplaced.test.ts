import { expect, test } from "bun:test";
import { IpamError } from "../../ipam/errors.ts";
import { podFacts } from "../../ipam/testing/hand-over.ts";
import { misplacedAbove } from "./misplaced.ts";
import { othersAnnotations } from "./others-annotations.ts";

type Values = Readonly<Record<string, string>>;

const DEPLOYMENT = { kind: "Deployment", namespace: "default", name: "web", uid: "d1" };
const REPLICA_SET = { kind: "ReplicaSet", namespace: "default", name: "web-1", uid: "r1" };

/** What is told of a pod whose Deployment, and so its ReplicaSet, has these annotations itself. */
async function told(ofPod: Values, ofWorkload: Values, owner = DEPLOYMENT): Promise<string[]> {
  const above = [REPLICA_SET, owner].map((each) => ({ owner: each, annotations: ofWorkload }));
  const access = { workloadsAbove: async () => above };
  const found = await misplacedAbove(podFacts({ annotations: ofPod }), access, 0);
  return found.map(({ owner: of, keys, place }) => `${of.kind}: ${keys} into ${place}`);
}

test("J64: what the Deployment has on itself is told once, and where it belongs", async () => {
  const own = { "kube-ipam.ip": "10.1.2.5", "kube_ipam.sticky": "true", "example.org/ip": "x" };
  expect(await told({}, own)).toEqual([
    "Deployment: kube-ipam.ip,kube_ipam.sticky into spec.template.metadata.annotations",
  ]);
  expect(await told({}, own, { ...DEPLOYMENT, kind: "CronJob" })).toEqual([
    "CronJob: kube-ipam.ip,kube_ipam.sticky into spec.jobTemplate.spec.template.metadata.annotations",
  ]);
});

test("J64: what the pod has is in its place", async () => {
  expect(await told({ "kube-ipam.ip": "10.1.2.5" }, { "kube-ipam.ip": "10.1.2.5" })).toEqual([]);
  expect(await told({ "kube-ipam.ip": "10.1.2.5" }, { "kube-ipam.IP": "10.1.2.5" })).toEqual([]);
});

test("J64: where Kubernetes does not answer, nothing is told", async () => {
  const workloadsAbove = () => Promise.reject(new IpamError("tryAgain", "the API server does not answer"));
  expect(await misplacedAbove(podFacts(), { workloadsAbove }, 0)).toEqual([]);
});

test("J61: another IPAM plugin's fixed address is told of a pod that asks nothing of ours", () => {
  const theirs = { "cni.projectcalico.org/ipAddrs": '["10.1.2.5"]', "example.org/x": "y" };
  expect(othersAnnotations(theirs)).toEqual(["cni.projectcalico.org/ipAddrs"]);
  expect(othersAnnotations({ ...theirs, "kube-ipam.ip": "10.9.2.5" })).toEqual([]);
});
