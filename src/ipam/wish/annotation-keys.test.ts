import { expect, test } from "bun:test";
import fc from "fast-check";
import { IpamError } from "../errors.ts";
import { formsOf } from "./annotation-forms.ts";
import { isMeantForUs, isNearMiss, PREFIX, rightKey, WORDS } from "./annotation-keys.ts";

const word = fc.constantFrom(...WORDS);
const scope = fc.constantFrom("", "/net1", "/db-120");
const lowers = "abcdefghijklmnopqrstuvwxyz0123456789";
const letter = fc.constantFrom(...lowers);

/** The text with one letter wrong, missing or too many, or two changed about. */
function slipIn(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length - 1), letter, fc.constantFrom("wrong", "missing", "more", "about"))
    .map(([at, by, how]) => {
      const [before, here, after] = [text.slice(0, at), text[at] ?? "", text.slice(at + 1)];
      if (how === "wrong") return before + by + after;
      if (how === "missing") return before + after;
      if (how === "more") return before + by + here + after;
      return before + after.slice(0, 1) + here + after.slice(1);
    });
}

/** Optimal string alignment: an independent opinion of how far two texts are apart. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => i + j),
  );
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, at(i - 2, j - 2) + 1);
      const row = rows[i];
      if (row !== undefined) row[j] = best;
    }
  }
  return at(a.length, b.length);
}

function refusalOf(key: string): string {
  try {
    formsOf({ [key]: "10.1.2.5" });
    return "passed";
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return `${failure.code} ${failure.message}; ${failure.details}`;
  }
}

test.each([
  ["Kube-ipam.ip", "kube-ipam.ip"],
  ["kube-ipam.IP", "kube-ipam.ip"],
  ["KUBE-IPAM.IPS/net1", "kube-ipam.ips/net1"],
  ["kube-ipam.io/ip", "kube-ipam.ip"],
  ["ipam.kube-ipam.io/gateway", "kube-ipam.gateway"],
  ["kube-ipam.example.org/sticky", "kube-ipam.sticky"],
  ["kube-ipam/ip", "kube-ipam.ip"],
  ["kubeipam.ip", "kube-ipam.ip"],
  ["kube_ipam.ip", "kube-ipam.ip"],
  ["kube-ipam-ip", "kube-ipam.ip"],
  ["kube-ipam_ip/net1", "kube-ipam.ip/net1"],
  ["kube-ipam.ipp", "kube-ipam.ip"],
  ["kube-ipam.gatway", "kube-ipam.gateway"],
  ["kube-ipam-gatway", "kube-ipam.gateway"],
  ["kube-ipam.rtain/lan", "kube-ipam.retain/lan"],
  ["kube-ipm.ip", "kube-ipam.ip"],
  ["kube-iapm.netmask", "kube-ipam.netmask"],
  ["kube-ipm.io/ip", "kube-ipam.ip"],
])("J60: %s is error 103, which names %s", (key, right) => {
  expect(refusalOf(key)).toStartWith(
    `103 annotation ${key} has the value '10.1.2.5'; expected the key ${right}; `,
  );
});

test.each([
  "kube-ipam",
  "kube-ipam.",
  "kube-ipam.address",
  "Kube-IPAM.io/seen",
  "kube-ipam.ip.net1",
  "kube_ipam.address",
  "ipam.kubeipam.io/seen",
  "kube-ipam-x",
])("J60: %s is error 103, which names all keys", (key) => {
  expect(refusalOf(key)).toStartWith(
    `103 annotation ${key} has the value '10.1.2.5'; expected one of the keys kube-ipam.ip, kube-ipam.netmask, `,
  );
});

test("J60: a slip in a key, in any case and with any separators, is never no wish", () => {
  const separator = fc.constantFrom(".", "-", "_", "");
  const [between, before] = [fc.constantFrom("-", "_", ".", ""), fc.constantFrom(".", "-", "_", "/")];
  const spelt = fc
    .tuple(fc.oneof(fc.constant("kubeipam"), slipIn("kubeipam")), between, separator, word, scope)
    .map(([name, dash, dot, of, where]) => `${name.slice(0, 4)}${dash}${name.slice(4)}${dot}${of}${where}`);
  const slipped = fc
    .tuple(word.chain(slipIn), scope, before)
    .map(([of, where, dot]) => `kube-ipam${dot}${of}${dot === "." ? where : ""}`);
  const cased = fc
    .tuple(fc.oneof(spelt, slipped), fc.infiniteStream(fc.boolean()))
    .map(([key, upper]) => [...key].map((each) => (upper.next().value ? each.toUpperCase() : each)).join(""));
  fc.assert(
    fc.property(fc.oneof(spelt, slipped, cased), (key) => {
      expect([key, isMeantForUs(key)]).toEqual([key, true]);
      const right = rightKey(key);
      if (right !== undefined) expect([right, isNearMiss(right)]).toEqual([right, false]);
    }),
    { numRuns: 3_000 },
  );
});

test("J61: of a name without separators, one slip is the most that counts", () => {
  const near = fc.oneof(
    slipIn("kubeipam").chain(slipIn),
    slipIn("kubeipam").chain(slipIn).chain(slipIn),
    fc.string({ unit: fc.constantFrom(..."kubeipam"), minLength: 5, maxLength: 11 }),
  );
  fc.assert(
    fc.property(near, word, (name, of) => {
      // What precedes the word may end with a part of it: "kubeipamip" and "s".
      const far = WORDS.every(
        (each) => distance(name + of, `kubeipam${each}`) > 1 && distance(name + of, `kubeipamio${each}`) > 1,
      );
      if (far && !name.startsWith("kubeipam"))
        expect([name + of, isNearMiss(name + of)]).toEqual([name + of, false]);
    }),
    { numRuns: 3_000 },
  );
});

/** Of Kubernetes, runtimes, CNI plugins, and what people commonly run. */
const OTHERS = `
kubectl.kubernetes.io/last-applied-configuration kubectl.kubernetes.io/restartedAt kubernetes.io/config.hash
kubernetes.io/config.mirror kubernetes.io/config.seen kubernetes.io/config.source kubernetes.io/psp
kubernetes.io/ingress-bandwidth kubernetes.io/limit-ranger deployment.kubernetes.io/revision
controller.kubernetes.io/pod-deletion-cost cluster-autoscaler.kubernetes.io/safe-to-evict batch.kubernetes.io/job-index
k8s.v1.cni.cncf.io/networks k8s.v1.cni.cncf.io/network-status v1.multus-cni.io/default-network
cni.projectcalico.org/ipAddrs cni.projectcalico.org/podIP cni.projectcalico.org/podIPs cni.projectcalico.org/ipv4pools
ovn.kubernetes.io/ip_address ovn.kubernetes.io/ip_pool k8s.ovn.org/pod-networks ipam.spidernet.io/ippool
ipam.spidernet.io/ippools ipam.cilium.io/ip-pool cilium.io/identity io.cilium.proxy-visibility kubevirt.io/domain
kubevirt.io/migrationJobName kubevirt.io/allow-pod-bridge-network-live-migration kube-vip.io/loadbalancerIPs
kube-vip.io/vipHost metallb.universe.tf/address-pool metallb.io/ip-allocated-from-pool kube-router.io/bgp-local-addresses
kube-router.io/pod-cidr kube-downscaler/uptime kubeapps.com/ip kube-flannel.io/public-ip flannel.alpha.coreos.com/public-ip
k8s.ip k8s.io/ip cni.ip ipam.ip ipam.io/ip ipam ip gateway example.com/kube-ipam.ip whereabouts.cni.cncf.io/ip
whereabouts/ip kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint kubeovn.io/ip kube-ovn.io/ip
sidecar.istio.io/inject sidecar.istio.io/status traffic.sidecar.istio.io/includeInboundPorts linkerd.io/inject
prometheus.io/scrape prometheus.io/port checksum/config rollme vault.hashicorp.com/agent-inject
backup.velero.io/backup-volumes fluentbit.io/parser container.apparmor.security.beta.kubernetes.io/main
seccomp.security.alpha.kubernetes.io/pod openshift.io/scc k8s.io/cluster-autoscaler.enabled field.cattle.io/publicEndpoints
eks.amazonaws.com/role-arn vpc.amazonaws.com/pod-ips cloud.google.com/neg kube-state-metrics kubecost.com/ip
my-kube-ipam.example.org/ip kube-ipam-exporter.io/scrape kubeipamx.example.org/retained
`.split(/\s+/);

test("J61: other programs' annotations are nobody's business", () => {
  for (const key of [...OTHERS, "kube-ipam/config", "kube-ipam/node"].filter((each) => each !== ""))
    expect([key, isMeantForUs(key), refusalOf(key)]).toEqual([key, false, "passed"]);
});

test("J61: a key of plain letters, of any other name, passes", () => {
  const label = fc.string({ unit: fc.constantFrom(...lowers, "-"), minLength: 1, maxLength: 12 });
  const key = fc
    .tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.option(label), fc.option(word))
    .map(([domain, name, of]) => [domain.join("."), name ?? of].filter((part) => part !== null).join("/"));
  fc.assert(
    fc.property(key, (each) => {
      fc.pre(!each.replaceAll(/[-.]/g, "").includes("ubei") && !each.includes("ipam"));
      expect([each, refusalOf(each)]).toEqual([each, "passed"]);
    }),
    { numRuns: 3_000 },
  );
});

test("keys as they must be pass, with each word and scope", () => {
  fc.assert(
    fc.property(word, scope, (of, where) => {
      expect(isNearMiss(PREFIX + of + where)).toBe(false);
      expect(isMeantForUs(PREFIX + of + where)).toBe(true);
    }),
  );
});
