import { afterAll, beforeEach, expect, test } from "bun:test";
import { formatCidr } from "../../address/cidr.ts";
import { lazyCluster } from "../ports/lazy-cluster.ts";
import { soon } from "../testing/asking.ts";
import { apiStatus, startFakeApi } from "../testing/fake-api.ts";

const PATH = "/apis/k8s.cni.cncf.io/v1/namespaces/team/network-attachment-definitions/lan-definition";
const api = startFakeApi();
const POOLS = { path: "config.json", text: '{"pools":{"db":{"subnets":["10.7.0.0/24","fd00::/64"]}}}' };
afterAll(() => api.close());
beforeEach(() => api.answers.clear());

async function read(config?: unknown, nodeFile?: typeof POOLS): Promise<string> {
  if (config !== undefined) {
    const spec =
      config === null ? null : { config: typeof config === "string" ? config : JSON.stringify(config) };
    api.answers.set(PATH, { metadata: { name: "lan-definition", namespace: "team" }, spec });
  }
  const found = await lazyCluster({ kubeConfig: api.kubeConfig(), nodeFile: () => nodeFile })
    .definedNetwork("team", "lan-definition", soon())
    .catch(({ code }: { readonly code: number }) => ({ kind: "error", code }) as const);
  if (found === undefined) return "absent";
  if (found.kind === "ours") return `ours ${found.name} ${found.subnets.map(formatCidr)}`;
  return found.kind === "error" ? `error ${found.code}` : found.kind;
}

const ipam = { type: "kube-ipam", subnet: "10.8.0.0/24" };
const macvlan = { cniVersion: "1.0.0", type: "macvlan", ipam };

test("J45: a definition's network is ours, another plugin's, or cannot be read", async () => {
  expect(await read({ ...macvlan, name: "lan" })).toBe("ours lan 10.8.0.0/24");
  for (const name of [undefined, "", null])
    expect(await read({ ...macvlan, name })).toBe("ours lan-definition 10.8.0.0/24");
  const list = { cniVersion: "1.0.0", name: "list", plugins: [{ type: "tuning" }, macvlan] };
  expect(await read(list)).toBe("ours list 10.8.0.0/24");
  expect(await read({ ...list, name: "" })).toBe("ours lan-definition 10.8.0.0/24");
  expect(await read({ type: "sriov", name: "x" })).toBe("foreign");
  expect(
    await read({ type: "macvlan", name: "x", ipam: { type: "whereabouts", range: "10.8.0.0/24" } }),
  ).toBe("foreign");
  for (const config of ["", "{", "[]", null, { ...macvlan, ipam: { type: "kube-ipam" } }])
    expect(await read(config)).toBe("unreadable");
});

test("J112: a definition is looked at up to a bound that no real one reaches", async () => {
  const exclude = Array.from({ length: 4_096 }, (_, n) => `10.8.${n >> 8}.${n & 255}`);
  const wide = { ...macvlan, name: "lan", ipam: { type: "kube-ipam", subnet: "10.8.0.0/16", exclude } };
  expect(await read(wide)).toBe("ours lan 10.8.0.0/16");
  expect(await read({ ...wide, note: "x".repeat(128 * 1024) })).toBe("unreadable");
  expect(await read({ type: "sriov", name: "x", note: "x".repeat(128 * 1024) })).toBe("unreadable");
});

test("J45: a pool's subnets are those that the node's file says", async () => {
  const pooled = { ...macvlan, name: "lan", ipam: { type: "kube-ipam", pool: "db" } };
  expect(await read(pooled)).toBe("unreadable");
  expect(await read(pooled, POOLS)).toBe("ours lan 10.7.0.0/24,fd00::/64");
});

test("J45: where there is none, or Kubernetes does not tell", async () => {
  expect(await read()).toBe("absent");
  api.answers.set(PATH, apiStatus(403, "Forbidden", "no"));
  expect(await read()).toBe("error 104");
  api.answers.set(PATH, apiStatus(503, "x", "x"));
  expect(await read()).toBe("error 11");
});
