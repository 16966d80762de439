import { expect } from "bun:test";
import { everywhere, ours } from "../kit/case.ts";
import type { World } from "../kit/world.ts";

/** docs/behaviour.md section B: the exact shape of an ADD result in each cniVersion. */

const V4 = [{ subnet: "10.1.2.0/24" }];
const V6 = [{ subnet: "2001:db8:1::/64" }];
const ROUTES = [{ dst: "0.0.0.0/0" }, { dst: "::/0" }];

async function dualStack(world: World, cniVersion: string | undefined) {
  const resolvConf = world.place.folder.file("resolv.conf");
  await Bun.write(resolvConf, "nameserver 192.0.2.3\n");
  return world.add(world.network({ ranges: [V4, V6], routes: ROUTES, resolvConf }, { cniVersion }));
}

const DNS = { nameservers: ["192.0.2.3"] };

for (const cniVersion of [undefined, "0.1.0", "0.2.0"]) {
  everywhere(
    cniVersion === undefined ? "B1" : "B2",
    `dual stack in ${cniVersion ?? "no version"}`,
    async (world) => {
      expect(await dualStack(world, cniVersion)).toEqual({
        cniVersion: cniVersion ?? "0.1.0",
        ip4: { ip: "10.1.2.2/24", gateway: "10.1.2.1", routes: [{ dst: "0.0.0.0/0" }] },
        ip6: { ip: "2001:db8:1::2/64", gateway: "2001:db8:1::1", routes: [{ dst: "::/0" }] },
        dns: DNS,
      } as never);
    },
  );
}

everywhere("B3", "IPv6 alone in 0.2.0 has no ip4 key", async (world) => {
  const result = await world.add(world.network({ ranges: [V6] }, { cniVersion: "0.2.0" }));
  expect(Object.keys(result).filter((key) => key !== "dns")).toEqual(["cniVersion", "ip6"]);
});

for (const cniVersion of ["0.2.0", "0.3.1", "0.4.0"]) {
  everywhere("B4", `no DNS in ${cniVersion}`, async (world) => {
    const result = await world.add(world.network({ ranges: [V4] }, { cniVersion }));
    expect(result.dns ?? {}).toEqual({});
  });
}

ours("B4", "no DNS in 1.0.0 means no dns key", async (world) => {
  expect(await world.add(world.network({ ranges: [V4] }))).toEqual({
    cniVersion: "1.0.0",
    ips: [{ address: "10.1.2.2/24", gateway: "10.1.2.1" }],
  });
});

everywhere("B5", "0.2.0 drops routes of a family without an address", async (world) => {
  const routes = [{ dst: "0.0.0.0/0", gw: "10.1.2.9" }, { dst: "::/0" }];
  const result = await world.add(world.network({ ranges: [V4], routes }, { cniVersion: "0.2.0" }));
  expect(result).toMatchObject({ ip4: { routes: [{ dst: "0.0.0.0/0", gw: "10.1.2.9" }] } } as never);
  expect(result).not.toHaveProperty("ip6");
});

everywhere("B6", "0.2.0 refuses two IPv4 sets before it allocates", async (world) => {
  const net = world.network({ ranges: [V4, [{ subnet: "10.1.3.0/24" }]] }, { cniVersion: "0.2.0" });
  await world.refused("ADD", net, {}, { code: 7, text: /0\.2\.0/ });
  expect(await world.held()).toEqual([]);
});

for (const cniVersion of ["0.3.0", "0.3.1", "0.4.0"]) {
  everywhere("B8", `dual stack in ${cniVersion}`, async (world) => {
    expect(await dualStack(world, cniVersion)).toEqual({
      cniVersion,
      ips: [
        { version: "4", address: "10.1.2.2/24", gateway: "10.1.2.1" },
        { version: "6", address: "2001:db8:1::2/64", gateway: "2001:db8:1::1" },
      ],
      routes: ROUTES,
      dns: DNS,
    });
  });
}

everywhere("B9", "dual stack in 1.0.0", (world) => expectModern(world, "1.0.0"));
ours("B9", "dual stack in 1.1.0", (world) => expectModern(world, "1.1.0"));

async function expectModern(world: World, cniVersion: string): Promise<void> {
  expect(await dualStack(world, cniVersion)).toEqual({
    cniVersion,
    ips: [
      { address: "10.1.2.2/24", gateway: "10.1.2.1" },
      { address: "2001:db8:1::2/64", gateway: "2001:db8:1::1" },
    ],
    routes: ROUTES,
    dns: DNS,
  });
}

everywhere("B12", "no routes means no routes key", async (world) => {
  expect(await world.add(world.network({ ranges: [V4], routes: [] }))).not.toHaveProperty("routes");
});

everywhere("B14", "addresses are printed in canonical form with the subnet's prefix", async (world) => {
  const ranges = [[{ subnet: "2001:0DB8:0001:0000::/64", rangeStart: "2001:0DB8:1:0:0:0:0:00AB" }]];
  const result = await world.add(world.network({ ranges }));
  expect(result.ips).toEqual([{ address: "2001:db8:1::ab/64", gateway: "2001:db8:1::1" }]);
});

everywhere("B15", "ips come in the order of the sets: runtime ranges, subnet, ranges", async (world) => {
  const net = world.network(
    { subnet: "10.1.3.0/24", ranges: [[{ subnet: "10.1.4.0/24" }]] },
    { runtimeConfig: { ipRanges: [[{ subnet: "10.1.5.0/24" }]] } },
  );
  const result = await world.add(net);
  expect(result.ips.map((ip) => ip.address)).toEqual(["10.1.5.2/24", "10.1.3.2/24", "10.1.4.2/24"]);
});
