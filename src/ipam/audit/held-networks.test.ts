import { expect, test } from "bun:test";
import { formatCidr } from "../../address/cidr.ts";
import { readRecords } from "../testing/read-records.ts";
import { add, createWorld, network } from "../testing/world.ts";
import { heldNetworks } from "./held-networks.ts";

const lan = (number: number, space = "default") => ({
  ...network("net1", [
    {
      subnet: `10.${number}.0.0/24`,
      first: `10.${number}.0.2`,
      last: `10.${number}.0.9`,
      gateway: `10.${number}.0.1`,
    },
  ]),
  space,
});

test("what is held in a subnet that the network's record has forgotten is a network, too; what it knows is not", async () => {
  const world = createWorld();
  const ports = world.ports(world.node("n1"));
  for (let number = 0; number < 10; number += 1) await add(ports, `c${number}`, { network: lan(number) });
  await add(ports, "d", { network: lan(0, "vlan20") });
  const records = await readRecords(ports.store, { deadline: performance.now() + 5_000 });
  expect(
    heldNetworks(records).map(({ name, space, subnets }) => `${name} ${space} ${subnets.map(formatCidr)}`),
  ).toEqual(["net1 default 10.8.0.0/24", "net1 default 10.9.0.0/24", "net1 vlan20 10.0.0.0/24"]);
});
