import { afterAll } from "bun:test";
import fc from "fast-check";
import { fuzz } from "./fuzz.ts";
import { json, list, text } from "./hostile.ts";
import { addAndEnd, removeShared } from "./pod.ts";

/** A pod's annotations as a runtime delivers them, its name, and CNI_ARGS. */

afterAll(removeShared);

const key = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("kube-ipam.ip", "kube-ipam.ips", "kube-ipam.ips/net1", "kube-ipam.ip/eth0"),
  },
  fc.constantFrom("kube-ipam.netmask", "kube-ipam.gateway", "kube-ipam.sticky", "kube-ipam.retain"),
  fc.constantFrom("kubeipam.ip", "Kube-Ipam.IP", "kube-ipam.io/ip", "k8s.v1.cni.cncf.io/networks"),
  text.map((suffix) => `kube-ipam.ip/${suffix}`),
  text,
);

const value = fc.oneof(
  { weight: 4, arbitrary: list },
  text,
  json.map((each) => JSON.stringify(each) ?? ""),
  json,
);

const pod = fc.record({
  annotations: fc.oneof({ weight: 9, arbitrary: fc.dictionary(key, value, { maxKeys: 4 }) }, json),
  name: fc.oneof({ weight: 4, arbitrary: fc.constant("p") }, text),
  more: fc.oneof(
    { weight: 4, arbitrary: fc.constant("") },
    list.map((ips) => `;IP=${ips}`),
    text,
  ),
});

const RANGES = [[{ subnet: "10.1.0.0/21" }], [{ subnet: "fd00::/96" }]];

/** An environment has no NUL, and no process starts with more than 128 KiB in one variable. */
const asVariable = (written: string) => written.replaceAll("\0", "").slice(0, 100_000);

fuzz("annotations", pod, ({ annotations, name, more }) =>
  addAndEnd({
    ipam: { ranges: RANGES },
    top: { runtimeConfig: { "io.kubernetes.cri.pod-annotations": annotations } },
    args: asVariable(`IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_UID=u1${more}`),
  }),
);
