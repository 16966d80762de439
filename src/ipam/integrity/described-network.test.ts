import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { describeNetwork, type Network } from "../network.ts";
import { range, smallNetwork } from "../testing/world.ts";
import { describedNetwork } from "./described-network.ts";

const interval = (first: string, last = first) => ({ first: parseAddress(first), last: parseAddress(last) });

const RICH: Network = {
  ...smallNetwork(),
  coolingSeconds: 0,
  sets: [
    {
      ranges: [
        {
          ...range({ subnet: "10.1.2.0/24", first: "10.1.2.2", last: "10.1.2.99", gateway: "10.1.2.1" }),
          fixed: interval("10.1.2.200", "10.1.2.220"),
        },
        range({ subnet: "10.1.3.0/24", first: "10.1.3.2", last: "10.1.3.9" }),
      ],
    },
    { ranges: [range({ subnet: "fd00::/64", first: "fd00::2", last: "fd00::ffff", gateway: "fd00::1" })] },
  ],
  exclude: [interval("10.1.2.10", "10.1.2.19"), interval("10.1.2.7")],
};

test.each([smallNetwork(), RICH])("reads what an ADD described", (network) => {
  const record = { version: 1, space: network.space, subnets: [], detail: describeNetwork(network) };
  expect(describedNetwork(network.name, record)).toEqual({ ...network, coolingSeconds: 0 });
});

test("without a description that can be read the subnets are all that is known", () => {
  for (const detail of [undefined, "of a newer version"]) {
    const record = { version: 1, space: "s", subnets: ["10.1.2.0/24", "fd00::/64", "10.1.3.0/24"] };
    const { sets } = describedNetwork("n", detail === undefined ? record : { ...record, detail });
    expect(sets.map(({ ranges }) => ranges.length)).toEqual([2, 1]);
  }
});
