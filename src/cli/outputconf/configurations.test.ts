import { expect, test } from "bun:test";
import { parseNetworkConfiguration } from "../../config/parse/parse-network-configuration.ts";
import { CONFIGURATIONS, MAIN_PLUGINS, NOTES } from "./configurations.ts";

const NAMES = "macvlan,ipvlan,bridge,kube-router,calico,ptp,vlan,host-device,multus".split(",");

test("there is one for each main plugin", () => {
  expect(MAIN_PLUGINS).toEqual(NAMES);
});

test.each(NAMES)("the configuration for %s is read without a warning", (name) => {
  const parsed = parseNetworkConfiguration({ stdin: stdinOf(name), purpose: "add" });
  expect(parsed.warnings).toEqual([]);
  expect(parsed.network.sets).toHaveLength(1);
  if (name === "kube-router") return;
  expect(parsed.store.kind).toBe("etcd");
  expect(parsed.kubernetes.kubeConfig).toBe("/etc/kubernetes/pki/kubectl.kubeconfig");
});

test.each(NAMES)("the configuration for %s asks for annotations where they are delivered", (name) => {
  const { kubernetes } = parseNetworkConfiguration({ stdin: stdinOf(name), purpose: "add" });
  expect(kubernetes.capabilityDeclared).toBe(name !== "multus");
});

test("C109: kube-router's has nothing of its own that its edit, or the bridge plugin, would make twice", () => {
  expect((CONFIGURATIONS.get("kube-router") as { ipam: object }).ipam).toEqual({
    type: "kube-ipam",
    nodeLocal: true,
  });
  expect(NOTES.get("kube-router")).toContain("podCIDR");
});

/** What the runtime, or Multus, would write to the plugin. */
function stdinOf(name: string): string {
  const configuration = CONFIGURATIONS.get(name) as { ipam: object; spec?: { config: string } };
  const { ipam } = configuration;
  // kube-router's own edit.
  if (name === "kube-router")
    return JSON.stringify({ ...configuration, ipam: { ...ipam, ranges: [[{ subnet: "10.244.1.0/24" }]] } });
  return configuration.spec?.config ?? JSON.stringify(configuration);
}
