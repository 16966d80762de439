import { expect } from "bun:test";
import { everywhere, ours } from "../kit/case.ts";
import type { World } from "../kit/world.ts";

/** docs/behaviour.md section G: routes of the result. */

async function routesOf(world: World, routes: readonly Record<string, unknown>[], cniVersion = "1.0.0") {
  return (await world.add(world.network({ subnet: "10.1.2.0/24", routes }, { cniVersion }))).routes;
}

everywhere("G1", "a route without gw stays without", async (world) => {
  expect(await routesOf(world, [{ dst: "0.0.0.0/0" }])).toEqual([{ dst: "0.0.0.0/0" }]);
});

everywhere("G2", "a route keeps its gw", async (world) => {
  const route = { dst: "10.9.0.0/16", gw: "10.1.2.9" };
  expect(await routesOf(world, [route])).toEqual([route]);
});

ours("G3", "host bits of dst are cleared", async (world) => {
  expect(await routesOf(world, [{ dst: "10.9.1.1/16" }])).toEqual([{ dst: "10.9.0.0/16" }]);
});

const MALFORMED: readonly Record<string, unknown>[] = [
  { dst: "10.9.0.0" },
  { dst: "nonsense" },
  { dst: "10.9.0.0/16", gw: "nonsense" },
  { dst: "10.9.0.0/33" },
];

for (const route of MALFORMED) {
  everywhere("G4", `refused: ${JSON.stringify(route)}`, (world) => expectRefused(world, route));
}

for (const route of [{ gw: "10.1.2.9" }, { dst: "" }]) {
  ours("G4", `refused: ${JSON.stringify(route)}`, (world) => expectRefused(world, route));
}

ours("G5", "a gw of the other family is refused", (world) =>
  expectRefused(world, { dst: "10.9.0.0/16", gw: "fd00::1" }),
);

for (const value of [-1, 1.5, "9"]) {
  ours("G8", `mtu ${JSON.stringify(value)} is refused`, (world) =>
    expectRefused(world, { dst: "10.9.0.0/16", mtu: value }, "1.1.0"),
  );
}

async function expectRefused(
  world: World,
  route: Record<string, unknown>,
  cniVersion = "1.0.0",
): Promise<void> {
  const net = world.network({ subnet: "10.1.2.0/24", routes: [route] }, { cniVersion });
  await world.refused("ADD", net, {}, { code: 7, text: /routes/ });
  expect(await world.held()).toEqual([]);
}

const FULL = {
  dst: "10.9.0.0/16",
  gw: "10.1.2.9",
  mtu: 1400,
  advmss: 1360,
  priority: 100,
  table: 50,
  scope: 0,
};

ours("G6", "1.1.0 passes every field; table and scope 0 stay, other zeros go", async (world) => {
  expect(await routesOf(world, [FULL], "1.1.0")).toEqual([FULL]);
  const zeros = { dst: "10.9.0.0/16", mtu: 0, advmss: 0, priority: 0, table: 0, scope: 0 };
  const net = world.network({ subnet: "10.1.2.0/24", routes: [zeros] }, { cniVersion: "1.1.0" });
  expect((await world.add(net, { container: "c2" })).routes).toEqual([
    { dst: "10.9.0.0/16", table: 0, scope: 0 },
  ]);
});

for (const cniVersion of ["0.3.0", "0.3.1", "0.4.0", "1.0.0"]) {
  ours("G7", `${cniVersion} knows dst and gw alone`, async (world) => {
    expect(await routesOf(world, [FULL], cniVersion)).toEqual([{ dst: "10.9.0.0/16", gw: "10.1.2.9" }]);
  });
}

ours("G20", "a link-local gateway is an IPv6 subnet's, and takes no address of it", async (world) => {
  const ipam = { subnet: "2001:db8:5:333::/64", gateway: "fe80::1", routes: [{ dst: "::/0" }] };
  const net = world.network({ ...ipam, rangeStart: "2001:db8:5:333::1", rangeEnd: "2001:db8:5:333::1" });
  expect(await world.add(net)).toEqual({
    cniVersion: "1.0.0",
    ips: [{ address: "2001:db8:5:333::1/64", gateway: "fe80::1" }],
    routes: [{ dst: "::/0" }],
  });
  const ranges = [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:db8:5:334::/64", gateway: "fe80::2" }]];
  const dual = await world.add(world.network({ ranges }, { name: "dual" }), { container: "c2" });
  expect(dual.ips).toEqual([
    { address: "10.1.2.2/24", gateway: "10.1.2.1" },
    { address: "2001:db8:5:334::2/64", gateway: "fe80::2" },
  ]);
});

ours(
  "G21",
  "another gateway outside of the subnet is refused with the way out, which is taken",
  async (world) => {
    const net = (more: object) =>
      world.network({ subnet: "203.0.113.16/29", ...more }, { cniVersion: "1.1.0" });
    const way = /"gateway": "none" and "routes": \[(.*)\], with/;
    const refusal = await world.refused(
      "ADD",
      net({ gateway: "203.0.113.1" }),
      {},
      { code: 7, text: /subnet/ },
    );
    const routes = JSON.parse(`[${way.exec(refusal)?.[1]}]`);
    expect(await world.add(net({ gateway: "none", routes }))).toMatchObject({
      ips: [{ address: "203.0.113.18/29" }],
      routes: [
        { dst: "203.0.113.1/32", scope: 253 },
        { dst: "0.0.0.0/0", gw: "203.0.113.1" },
      ],
    });
  },
);

ours("G22", "a gateway with a zone is refused in words", async (world) => {
  const net = world.network({ subnet: "2001:db8:5:333::/64", gateway: "fe80::1%eth0" });
  await world.refused("ADD", net, {}, { code: 7, text: /ipam\.gateway.*without a zone/ });
});
