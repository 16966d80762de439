import { expect } from "bun:test";
import { everywhere, ours } from "../kit/case.ts";
import { addressesOf } from "../kit/cni.ts";
import { ping } from "../kit/hosts.ts";
import { attach, detach } from "../kit/pod.ts";

everywhere("H5", "pods on ptp links reach each other through their host", async (world) => {
  const host = await world.makeNamespace();
  const first = await world.makeNamespace();
  const second = await world.makeNamespace();
  const net = world.network({ subnet: "10.1.2.0/24", routes: [{ dst: "0.0.0.0/0" }] }, { type: "ptp" });
  const sandbox = (container: string, netns: string) => ({ container, netns, host: host.path });
  const a = await attach(world, net, sandbox("a", first.path));
  const b = await attach(world, net, sandbox("b", second.path));
  await ping(first, addressesOf(b)[0] ?? "");
  await ping(second, addressesOf(a)[0] ?? "");
  await detach(world, net, sandbox("a", first.path), a);
  await detach(world, net, sandbox("b", second.path), b);
  expect(await world.held()).toEqual([]);
});

for (const [type, top] of [
  ["ptp", {}],
  ["bridge", { bridge: "kibr0" }],
] as const) {
  ours("G23", `a link-local IPv6 gateway is the default route through ${type}`, async (world) => {
    const host = await world.makeNamespace();
    const pod = await world.makeNamespace();
    const ipam = { subnet: "2001:db8:5:333::/64", gateway: "fe80::1", routes: [{ dst: "::/0" }] };
    const net = world.network(ipam, { type, ...top });
    await attach(world, net, { container: "a", netns: pod.path, host: host.path });
    expect(await pod.exec("ip", "-6", "route", "show", "default")).toContain("via fe80::1 dev eth0");
  });
}
