import { expect, test } from "bun:test";
import { refuse, warn } from "./finding.ts";
import { answerReview, readReview } from "./review.ts";

function review(kind: string, object: unknown): unknown {
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { uid: "r1", kind: { group: "", version: "v1", kind }, namespace: "a", object },
  };
}

test("a Deployment of old gets the defaults of apps/v1", () => {
  const object = { metadata: { name: "web" }, spec: { template: { metadata: { annotations: null } } } };
  expect(readReview(review("Deployment", object)).workload).toEqual({
    kind: "Deployment",
    namespace: "a",
    name: "web",
    owners: [],
    annotations: {},
    besideTemplate: [],
    pods: 1,
    rolling: { maxSurge: "25%", maxUnavailable: "25%" },
  });
});

test("a CronJob's template is two levels down", () => {
  const template = { metadata: { annotations: { x: "y" } } };
  const object = { metadata: { name: "c" }, spec: { jobTemplate: { spec: { parallelism: 3, template } } } };
  expect(readReview(review("CronJob", object)).workload).toMatchObject({ annotations: { x: "y" }, pods: 3 });
});

test("a virtual machine is one pod, whatever else stands in its template", () => {
  const template = { metadata: { annotations: { x: "y" } }, spec: { domain: {} } };
  const object = { metadata: { name: "vm" }, spec: { runStrategy: "Always", template } };
  expect(readReview(review("VirtualMachine", object)).workload).toMatchObject({
    annotations: { x: "y" },
    pods: 1,
  });
});

test("J63: an update that changes no specification is known as one", () => {
  const spec = { template: { metadata: {} } };
  const update = (oldObject: unknown, operation = "UPDATE") => {
    const object = { metadata: { name: "web", annotations: { a: "b" } }, spec };
    const { request, ...rest } = review("StatefulSet", object) as { request: object };
    return readReview({ ...rest, request: { ...request, operation, oldObject } }).sameSpecification;
  };
  expect(update({ metadata: { name: "web" }, spec: structuredClone(spec) })).toBe(true);
  expect(update({ metadata: { name: "web" }, spec: { ...spec, replicas: 2 } })).toBe(false);
  expect(update(null, "CREATE")).toBe(false);
  expect(readReview(review("Pod", { metadata: {} })).sameSpecification).toBe(false);
});

test("what makes no pods has no workload, and what is no review is an error", () => {
  expect(readReview(review("ConfigMap", {})).workload).toBeUndefined();
  expect(() => readReview({ kind: "AdmissionReview" })).toThrow();
});

test("refused with every reason, else allowed with warnings that are not too long", () => {
  expect(answerReview("r1", [warn("w"), refuse("one"), refuse("two")])).toMatchObject({
    response: {
      uid: "r1",
      allowed: false,
      status: { code: 422, message: "one; two" },
      warnings: ["kube-ipam: w"],
    },
  });
  const answer = answerReview("r1", [warn("x".repeat(300))]) as { response: { warnings: string[] } };
  expect(answer).toMatchObject({ response: { allowed: true } });
  expect(answer.response.warnings[0]?.length).toBeLessThanOrEqual(256);
  expect(answer.response.warnings[0]).toEndWith("… (311 characters)");
  expect(answerReview("r1", [])).toMatchObject({ response: { uid: "r1", allowed: true } });
});

test("M50: nothing is hidden in what kubectl prints, and nothing endless", () => {
  const message = `the kind 'K\u001b]0;T\u0007\u202e\u2028${"x".repeat(9_000)}'`;
  const refused = JSON.stringify(answerReview("r1", [refuse(message)]));
  const warned = JSON.stringify(answerReview("r1", [warn(message)]));
  for (const answer of [refused, warned]) {
    expect(answer).not.toMatch(/[\u202e\u2028]|[^\\]\\u001b/);
    expect(answer).toContain("\\\\u001b]0;T\\\\u0007\\\\u202e\\\\u2028");
    expect(answer.length).toBeLessThan(5_000);
  }
});

test.each(["constructor", "__proto__", "toString"])("an object of kind %s makes no pods", (kind) => {
  const request = { uid: "r1", kind: { kind }, object: {} };
  const { workload } = readReview({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
  expect(workload).toBeUndefined();
});
