import { describe, expect, test } from "bun:test";
import { furtherNetworks } from "./further-networks.ts";

const NETWORKS = "k8s.v1.cni.cncf.io/networks";

describe("the list of further networks", () => {
  test.each([
    ["", []],
    ["db", ["db net1"]],
    ["kube-system/db@eth7, web", ["db eth7", "web net2"]],
    ['[{"name":"db","namespace":"x"},{"name":"web","interface":"lan"}]', ["db net1", "web lan"]],
    ["[{]", [" net1"]],
    ["[5]", [" net1"]],
    ['[null,{"name":"db","interface":""}]', [" net1", "db net2"]],
  ])("%s", (text, expected) => {
    expect(furtherNetworks({ [NETWORKS]: text }).map(({ name, ifname }) => `${name} ${ifname}`)).toEqual(
      expected,
    );
  });
});
