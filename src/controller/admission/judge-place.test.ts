import { expect, test } from "bun:test";
import { judgePlace } from "./judge-place.ts";
import { readWorkload } from "./workload.ts";

type Values = Readonly<Record<string, string>>;

interface Given {
  readonly kind?: string;
  readonly own?: Values;
  readonly inTemplate?: Values;
  /** Of a CronJob's Jobs. */
  readonly between?: Values;
}

function warnings({ kind = "Deployment", own = {}, inTemplate = {}, between = {} }: Given): string[] {
  const template = { metadata: { annotations: inTemplate } };
  const spec =
    kind === "CronJob"
      ? { jobTemplate: { metadata: { annotations: between }, spec: { template } } }
      : { template };
  const workload = readWorkload(kind, "team-a", { metadata: { name: "web", annotations: own }, spec });
  if (workload === undefined) throw new Error(`${kind} is no workload`);
  return judgePlace(workload).map(({ severity, message }) => `${severity} ${message}`);
}

const IP = { "kube-ipam.ip": "10.1.2.5" };

test.each(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "VirtualMachine"])(
  "J62: on a %s itself an annotation is a warning that tells its place",
  (kind) => {
    expect(warnings({ kind, own: { ...IP, "kube-ipam.sticky/net1": "true", "example.org/x": "y" } })).toEqual(
      [
        `warn kube-ipam.ip on the ${kind} itself reaches no pod: it belongs into spec.template.metadata.annotations`,
        `warn kube-ipam.sticky/net1 on the ${kind} itself reaches no pod: it belongs into spec.template.metadata.annotations`,
      ],
    );
  },
);

test("J62: of a CronJob, its Jobs' annotations reach no pod either", () => {
  const place = "it belongs into spec.jobTemplate.spec.template.metadata.annotations";
  expect(warnings({ kind: "CronJob", own: IP })).toEqual([
    `warn kube-ipam.ip on the CronJob itself reaches no pod: ${place}`,
  ]);
  expect(warnings({ kind: "CronJob", between: IP })).toHaveLength(1);
  expect(warnings({ kind: "CronJob", between: IP, inTemplate: IP })).toEqual([]);
});

test("J62: a near miss is told with the key that it was meant to be", () => {
  expect(warnings({ own: { "kube-ipam.io/ip": "10.1.2.5" } })).toEqual([
    "warn kube-ipam.io/ip on the Deployment itself reaches no pod: it belongs into spec.template.metadata.annotations as kube-ipam.ip",
  ]);
});

test("J62: what the template has too, rightly spelt, is no mistake", () => {
  expect(warnings({ own: IP, inTemplate: IP })).toEqual([]);
  expect(warnings({ own: { "kube-ipam.IP": "10.1.2.5" }, inTemplate: IP })).toEqual([]);
  expect(warnings({ inTemplate: IP })).toEqual([]);
});

test("J62: a pod is its own place", () => {
  const object = { metadata: { name: "web", annotations: { "kube-ipam.ip": "10.1.2.5" } } };
  const pod = readWorkload("Pod", "team-a", object);
  expect(pod && judgePlace(pod)).toEqual([]);
});

test("CAPPED: a thousand mistakes are told a few times", () => {
  const own = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`kube-ipam.ip/net${index}`, "x"]),
  );
  expect(warnings({ own })).toHaveLength(16);
});
