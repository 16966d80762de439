import { expect, test } from "bun:test";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { holder, podFacts } from "../../ipam/testing/hand-over.ts";
import { network } from "../../ipam/testing/networks.ts";
import type { HeldAddress } from "./held.ts";
import { interfacesOf } from "./interfaces.ts";
import type { KnownNetwork } from "./known-network.ts";

const NETWORKS = "k8s.v1.cni.cncf.io/networks";

function known(name: string, subnet: string): [string, KnownNetwork] {
  const kubernetes = { annotations: "auto", capabilityDeclared: false } as const;
  return [name, { network: network(name, subnet), kubernetes, requested: [], knownBy: "the test" }];
}

const LAN = known("lan", "10.1.2.0/24");
const DB = known("db", "10.9.0.0/24");

function interfaces(
  pod: Partial<PodFacts>,
  of = [LAN, DB],
  held: HeldAddress[] = [],
  named?: string,
): string[] {
  return interfacesOf(podFacts(pod), held, new Map(of), named).map(
    ({ ifname, name, network: on }) => `${ifname} ${name ?? "?"}${on ? "" : " unknown"}`,
  );
}

test.each<[string, Partial<PodFacts>, KnownNetwork[] | undefined, string[]]>([
  ["the only network", {}, [LAN[1]], ["eth0 lan"]],
  ["nothing tells which of two", {}, undefined, ["eth0 ? unknown"]],
  ["what the pod shows", { podIPs: ["10.9.0.7"] }, undefined, ["eth0 db"]],
  [
    "what the pod asks for",
    { annotations: { "kube-ipam.ip": "10.1.2.7, fd00::1" } },
    undefined,
    ["eth0 lan"],
  ],
  ["another plugin's network", { podIPs: ["10.244.0.9"] }, undefined, []],
  [
    "a further network is not the first one",
    { annotations: { [NETWORKS]: "db" } },
    undefined,
    ["eth0 lan", "net1 db unknown"],
  ],
  [
    "only further networks are ours",
    { annotations: { [NETWORKS]: "x/db@wire" } },
    [DB[1]],
    ["wire db unknown"],
  ],
])("the first interface: %s", (_, pod, of, expected) => {
  const networks = of?.map((each): [string, KnownNetwork] => [each.network.name, each]);
  expect(interfaces(pod, networks)).toEqual(expected);
});

test("what the store holds says it best, and the caller can say it", () => {
  const held: HeldAddress = {
    address: "10.9.0.7",
    space: "default",
    origin: "dynamic",
    since: "",
    holder: holder({ attachment: { network: "db", container: "c", ifname: "net5" } }),
  };
  expect(interfaces({}, [LAN, DB], [held], "lan")).toEqual(["eth0 lan", "net5 db"]);
});
