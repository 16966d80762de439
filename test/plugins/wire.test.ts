import { expect } from "bun:test";
import { everywhere, ours } from "../kit/case.ts";
import { addressesOf } from "../kit/cni.ts";
import { ping, twoHosts, UPLINK } from "../kit/hosts.ts";
import { withoutLinkType } from "../kit/machine.ts";
import { attach, detach } from "../kit/pod.ts";
import type { World } from "../kit/world.ts";

/** Two machines on one wire, pods attached to it directly (macvlan, ipvlan, vlan, host-device). */

const LOW = { rangeStart: "10.1.2.10", rangeEnd: "10.1.2.19" };
const HIGH = { rangeStart: "10.1.2.20", rangeEnd: "10.1.2.29" };

const MAINS: readonly { type: string; link?: string; top: Record<string, unknown> }[] = [
  { type: "macvlan", link: "macvlan", top: { master: UPLINK, mode: "bridge" } },
  { type: "ipvlan", link: "ipvlan", top: { master: UPLINK, mode: "l2" } },
  { type: "vlan", link: "vlan", top: { master: UPLINK, vlanId: 7 } },
  { type: "host-device", top: { device: UPLINK } },
];

for (const { type, link, top } of MAINS) {
  const missing = link === undefined ? undefined : withoutLinkType(link);
  const title = `pods of two hosts reach each other through ${type}`;
  const body = async (world: World) => {
    const [left, right] = await twoHosts(world);
    const podLeft = await world.makeNamespace();
    const podRight = await world.makeNamespace();
    const net = (range: object) => world.network({ subnet: "10.1.2.0/24", ...range }, { type, ...top });
    const a = { container: "a", netns: podLeft.path, host: left.path };
    const b = { container: "b", netns: podRight.path, host: right.path };
    const resultA = await attach(world, net(LOW), a);
    const resultB = await attach(world, net(HIGH), b);
    expect([...addressesOf(resultA), ...addressesOf(resultB)]).toEqual(["10.1.2.10", "10.1.2.20"]);
    await ping(podLeft, "10.1.2.20");
    await ping(podRight, "10.1.2.10");
    await detach(world, net(LOW), a, resultA);
    await detach(world, net(HIGH), b, resultB);
    expect(await world.held()).toEqual([]);
  };
  everywhere("H7", title, body, { missing });
}

ours("hand-over", "a fixed address follows its pod from host to host", async (world) => {
  const [left, right] = await twoHosts(world);
  const watcher = await world.makeNamespace();
  const net = onNode(world, "node1");
  const [watcherAddress = ""] = addressesOf(
    await attach(world, net, { container: "watcher", netns: watcher.path, host: left.path }),
  );
  const args = "IgnoreUnknown=1;IP=10.1.2.88";
  for (const [container, host, nodeName] of [
    ["db-on-left", left, "node1"],
    ["db-on-right", right, "node2"],
  ] as const) {
    const pod = await world.makeNamespace();
    const sandbox = { container, netns: pod.path, host: host.path, args };
    const result = await attach(world, onNode(world, nodeName), sandbox);
    await ping(pod, watcherAddress);
    await detach(world, onNode(world, nodeName), sandbox, result);
  }
});

function onNode(world: World, nodeName: string) {
  return world.network(
    { subnet: "10.1.2.0/24", nodeName },
    { type: "macvlan", link: "macvlan", master: UPLINK, mode: "bridge" },
  );
}
