import { expect } from "bun:test";
import { everywhere, ours } from "../kit/case.ts";
import { addressesOf } from "../kit/cni.ts";
import { ping } from "../kit/hosts.ts";
import { type Namespace, uniqueName } from "../kit/namespaces.ts";
import { attach, detach, runMain } from "../kit/pod.ts";
import type { World } from "../kit/world.ts";

/** docs/behaviour.md section H with the real bridge plugin; each test's "host" is a namespace of its own. */

function bridged(world: World, ipam: Record<string, unknown>, top: Record<string, unknown> = {}) {
  return world.network(
    { routes: [{ dst: "0.0.0.0/0" }], ...ipam },
    { type: "bridge", bridge: uniqueName("br"), isGateway: true, ...top },
  );
}

async function twoPods(world: World, host: Namespace, net: Record<string, unknown>) {
  const first = await world.makeNamespace();
  const second = await world.makeNamespace();
  const a = await attach(world, net, { container: "a", netns: first.path, host: host.path });
  const b = await attach(world, net, { container: "b", netns: second.path, host: host.path });
  return { first, second, a, b };
}

everywhere("H2", "pods on a bridge reach each other and their gateway", async (world) => {
  const host = await world.makeNamespace();
  const net = bridged(world, { subnet: "10.1.2.0/24" });
  const { first, second, a, b } = await twoPods(world, host, net);
  expect(addressesOf(a)).toEqual(["10.1.2.2"]);
  await ping(first, addressesOf(b)[0] ?? "");
  await ping(second, "10.1.2.1");
  await detach(world, net, { container: "a", netns: first.path, host: host.path }, a);
  await detach(world, net, { container: "b", netns: second.path, host: host.path }, b);
  expect(await world.held()).toEqual([]);
});

everywhere("H4", "dual stack pods reach each other over IPv6", async (world) => {
  const host = await world.makeNamespace();
  const net = bridged(world, {
    ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]],
    routes: [],
  });
  const { first, b } = await twoPods(world, host, net);
  await ping(first, addressesOf(b)[1] ?? "");
});

everywhere("H11", "a main plugin that fails after IPAM's ADD leaves nothing", async (world) => {
  const host = await world.makeNamespace();
  const pod = await world.makeNamespace();
  const net = bridged(world, { subnet: "10.1.2.0/24" });
  await pod.exec("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0-peer");
  const finished = await runMain(world, "ADD", net, { container: "a", netns: pod.path, host: host.path });
  expect(finished.exitCode).not.toBe(0);
  expect(await world.held()).toEqual([]);
});

everywhere("H13", "DEL without a namespace frees the address", async (world) => {
  const host = await world.makeNamespace();
  const pod = await world.makeNamespace();
  const net = bridged(world, { subnet: "10.1.2.0/24" });
  await attach(world, net, { container: "a", netns: pod.path, host: host.path });
  await pod.remove();
  await detach(world, net, { container: "a", netns: "", host: host.path });
  expect(await world.held()).toEqual([]);
});

ours("hand-over", "a re-created pod has its fixed address again", async (world) => {
  const host = await world.makeNamespace();
  const peer = await world.makeNamespace();
  const net = bridged(world, { subnet: "10.1.2.0/24" });
  const [peerAddress = ""] = addressesOf(
    await attach(world, net, { container: "peer", netns: peer.path, host: host.path }),
  );
  for (const container of ["db-1", "db-2"]) {
    const pod = await world.makeNamespace();
    const sandbox = { container, netns: pod.path, host: host.path, args: "IgnoreUnknown=1;IP=10.1.2.88" };
    const result = await attach(world, net, sandbox);
    expect(addressesOf(result)).toEqual(["10.1.2.88"]);
    // From the pod: bridge 1.1 does not announce a moved address, its first packet does.
    await ping(pod, peerAddress);
    await detach(world, net, sandbox, result);
  }
});

ours("J2", "a second pod that wants the same address is refused and wired to nothing", async (world) => {
  const host = await world.makeNamespace();
  const first = await world.makeNamespace();
  const second = await world.makeNamespace();
  const net = bridged(world, { subnet: "10.1.2.0/24" });
  const args = "IgnoreUnknown=1;IP=10.1.2.88";
  await attach(world, net, { container: "a", netns: first.path, host: host.path, args });
  const finished = await runMain(world, "ADD", net, {
    container: "b",
    netns: second.path,
    host: host.path,
    args,
  });
  world.refusal(finished, { code: 101, text: /10\.1\.2\.88/ });
  await ping(first, "10.1.2.1");
});
