import { afterAll } from "bun:test";
import fc from "fast-check";
import { type FakeApi, startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { fuzz } from "./fuzz.ts";
import { json, text } from "./hostile.ts";
import { addAndEnd, removeShared } from "./pod.ts";

/** Owner references, which Kubernetes takes as whoever makes the pod writes them, and a pod's other metadata. */

const api: FakeApi = startFakeApi();
const kubeConfig = api.kubeConfig();
afterAll(async () => {
  api.close();
  await removeShared();
});

const EVIL = [
  "..\\api\\v1\\namespaces\\kube-system\\secrets\\x?/v1",
  "../v1",
  "apps/v1?x=",
  "a/b/c",
  "v1/",
  "/v1",
];

const reference = fc.record(
  {
    apiVersion: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom("apps/v1", "e.x/v1", "v1") },
      fc.constantFrom(...EVIL),
      text,
      json,
    ),
    kind: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom("ReplicaSet", "Job", "StatefulSet", "Foo", "Pool") },
      text,
      json,
    ),
    name: fc.oneof({ weight: 2, arbitrary: fc.constant("x") }, text, json),
    uid: fc.oneof({ weight: 2, arbitrary: fc.constant("u") }, text, json),
    controller: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, json),
  },
  { requiredKeys: [] },
);

const pod = fc.record({
  ownerReferences: fc.oneof({ weight: 9, arbitrary: fc.array(reference, { maxLength: 3 }) }, json),
  annotations: fc.constantFrom<Record<string, string>>(
    {},
    { "kube-ipam.ip": "10.1.0.9" },
    { "kube-ipam.sticky": "true" },
  ),
});

/** One object, in the pod's own namespace or without one, or what belongs to no namespace. */
const SEGMENT = "[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?";
const ONE_OBJECT = new RegExp(
  `^/(api/v1|apis/${SEGMENT}/${SEGMENT})/(namespaces/default/)?[a-z0-9.-]+/${SEGMENT}$|^/apis?(/${SEGMENT}){0,2}$|^/version$`,
);

fuzz("owner references", pod, async ({ ownerReferences, annotations }) => {
  api.requests.length = 0;
  const metadata = { name: "p", namespace: "default", uid: "u1", annotations, ownerReferences };
  api.answers.set("/api/v1/namespaces/default/pods/p", {
    kind: "Pod",
    metadata,
    spec: { nodeName: "node1" },
  });
  await addAndEnd({
    ipam: { subnet: "10.1.0.0/21", kubeConfig },
    args: "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;K8S_POD_UID=u1",
  });
  const foreign = api.requests
    .map(({ path }) => path)
    .filter((path) => !ONE_OBJECT.test(path) && !isEvents(path));
  if (foreign.length > 0) throw new Error(`asked for ${JSON.stringify(foreign)}`);
});

/** Where an ADD that failed says so to whoever owns the pod. */
function isEvents(path: string): boolean {
  return path === "/api/v1/namespaces/default/events";
}
