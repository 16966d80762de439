import { expect, test } from "bun:test";
import { parseNodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import { describedNetwork } from "../../ipam/integrity/described-network.ts";
import { describeNetwork, type Network } from "../../ipam/network.ts";
import { networkOfPool } from "./network-of-pool.ts";

const { pools } = parseNodeConfiguration({
  path: "/etc/kube-ipam/config.json",
  text: "{}",
  clusterPools: {
    objects: [
      pool("low", { ranges: [[{ subnet: "10.1.2.0/24", rangeStart: "10.1.2.2", rangeEnd: "10.1.2.99" }]] }),
      pool("high", {
        ranges: [[{ subnet: "10.1.2.0/24", rangeStart: "10.1.2.100", rangeEnd: "10.1.2.199" }]],
        namespaces: ["shop"],
        maxPerNamespace: 3,
      }),
      pool("elsewhere", { subnets: ["10.1.2.0/24"], addressSpace: "wire-b", namespaces: ["other"] }),
    ],
  },
});

test("K352: a network that the store remembers has its pool's policy, whatever else shares the subnet or its addresses in another space", () => {
  const policyOf = (name: string) => networkOfPool(remembered(name), pools).policy;
  expect(policyOf("low")).toEqual({ pool: "low" });
  expect(policyOf("high")).toEqual({ pool: "high", namespaces: ["shop"], maxPerNamespace: 3 });
  expect(policyOf("elsewhere")).toEqual({ pool: "elsewhere", namespaces: ["other"] });
});

test("K352: and its pool's ranges as they are by now", () => {
  const high = remembered("high");
  const before = {
    ...high,
    sets: high.sets.map(({ ranges: [range] }) => ({ ranges: range ? [range] : [] })),
  };
  expect(networkOfPool({ ...before, name: "db" }, pools)).toMatchObject({ name: "db", sets: high.sets });
});

test("K352: a network with addresses of its own stays as it is", () => {
  const own = describedNetwork("net", { space: "default", subnets: ["10.9.0.0/24"] });
  expect(networkOfPool(own, pools)).toBe(own);
});

/** As an ADD of a network of the pool has described it to the store. */
function remembered(name: string): Network {
  const found = pools.find((each) => each.name === name);
  if (found === undefined) throw new Error(`expected pool ${name} to be in force`);
  const { network, space } = found;
  return describedNetwork("net", { space, subnets: ["10.1.2.0/24"], detail: describeNetwork(network) });
}

function pool(name: string, spec: object) {
  return { name, spec, created: "2026-11-29T13:14:43Z" };
}
