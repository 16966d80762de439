import { expect } from "bun:test";
import { everywhere, ours } from "../kit/case.ts";
import type { Configuration, World } from "../kit/world.ts";

/** docs/behaviour.md section D: addresses asked for by name, in CNI's own ways. */

const SUBNET = { subnet: "10.1.2.0/24" };
const DUAL = { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:db8:1::/64" }]] };

const texts = (result: { ips: readonly { address: string }[] }) => result.ips.map((ip) => ip.address);

everywhere("D1", "CNI_ARGS IP= is given with the subnet's prefix and gateway", async (world) => {
  const result = await world.add(world.network(SUBNET), { args: "IP=10.1.2.88" });
  expect(result.ips).toMatchObject([{ address: "10.1.2.88/24", gateway: "10.1.2.1" }]);
});

everywhere("D2", "IP= may carry the subnet's prefix", async (world) => {
  expect(texts(await world.add(world.network(SUBNET), { args: "IP=10.1.2.88/24" }))).toEqual([
    "10.1.2.88/24",
  ]);
});

ours("D2", "IP= with another prefix is refused", async (world) => {
  await world.refused(
    "ADD",
    world.network(SUBNET),
    { args: "IP=10.1.2.88/16" },
    { code: 7, text: /10\.1\.2\.88\/16/ },
  );
  expect(await world.held()).toEqual([]);
});

everywhere("D3", "args.cni.ips gives one address per set, in any order", async (world) => {
  const args = { cni: { ips: ["2001:db8:1::999", "10.1.2.88"] } };
  expect(texts(await world.add(world.network(DUAL, { args })))).toEqual([
    "10.1.2.88/24",
    "2001:db8:1::999/64",
  ]);
});

everywhere("D4", "runtimeConfig.ips gives the named address", async (world) => {
  const runtimeConfig = { ips: ["10.1.2.88/24"] };
  expect(texts(await world.add(world.network(SUBNET, { runtimeConfig })))).toEqual(["10.1.2.88/24"]);
});

ours("D5", "runtimeConfig.ips comes before args.cni.ips before CNI_ARGS", async (world) => {
  const args = { cni: { ips: ["10.1.2.88"] } };
  const runtimeConfig = { ips: ["10.1.2.77"] };
  const environment = "IP=10.1.2.99";
  const all = world.network(SUBNET, { args, runtimeConfig });
  expect(texts(await world.add(all, { container: "a", args: environment }))).toEqual(["10.1.2.77/24"]);
  const two = world.network(SUBNET, { args });
  expect(texts(await world.add(two, { container: "b", args: environment }))).toEqual(["10.1.2.88/24"]);
});

/** nerdctl and podman name one family by each of two ways. */
const TWO_WAYS: readonly (readonly [top: Configuration, args: string])[] = [
  [{ runtimeConfig: { ips: ["2001:db8:1::7"] } }, "IP=10.1.2.7"],
  [{ args: { cni: { ips: ["2001:db8:1::7"] } } }, "IP=10.1.2.7"],
  [{ runtimeConfig: { ips: ["10.1.2.7"] }, args: { cni: { ips: ["2001:db8:1::7"] } } }, ""],
];
for (const [top, args] of TWO_WAYS) {
  everywhere(
    "D22",
    `${JSON.stringify(top)} and ${args || "nothing"} in CNI_ARGS are both given`,
    async (world) => {
      const result = await world.add(world.network(DUAL, top), { args });
      expect(texts(result)).toEqual(["10.1.2.7/24", "2001:db8:1::7/64"]);
    },
  );
}

ours("D22", "for one range set the strongest counts, for the others the next", async (world) => {
  const net = world.network(DUAL, { runtimeConfig: { ips: ["10.1.2.7"] } });
  const result = await world.add(net, { args: "IgnoreUnknown=1;IP=10.1.2.8,2001:db8:1::8" });
  expect(texts(result)).toEqual(["10.1.2.7/24", "2001:db8:1::8/64"]);
});

ours("D22", "an address outside of every subnet is refused, whatever a stronger way names", async (world) => {
  const net = world.network(SUBNET, { runtimeConfig: { ips: ["10.1.2.7"] } });
  await world.refused("ADD", net, { args: "IP=10.9.9.9" }, { code: 102, text: /10\.9\.9\.9/ });
  expect(await world.held()).toEqual([]);
});

ours("D6", "IP= takes a comma list, as Multus sends it", async (world) => {
  const result = await world.add(world.network(DUAL), { args: "IgnoreUnknown=1;IP=10.1.2.5,2001:db8:1::5" });
  expect(texts(result)).toEqual(["10.1.2.5/24", "2001:db8:1::5/64"]);
});

everywhere("D7", "an address outside every set is refused and nothing is kept", async (world) => {
  const net = world.network(SUBNET);
  const text = await world.refused("ADD", net, { args: "IP=10.9.9.9" }, { code: 102, text: /10\.9\.9\.9/ });
  expect(text).toContain("10.9.9.9");
  expect(await world.held()).toEqual([]);
});

everywhere("D8", "two addresses of one set are refused", async (world) => {
  const args = { cni: { ips: ["10.1.2.88", "10.1.2.89"] } };
  await world.refused("ADD", world.network(SUBNET, { args }), {}, { code: 102, text: /10\.1\.2\.89/ });
  expect(await world.held()).toEqual([]);
});

everywhere("D9", "the gateway is refused", (world) => expectNotAllowed(world, "10.1.2.1", /gateway/));
everywhere("D10", "the network address is refused", (world) =>
  expectNotAllowed(world, "10.1.2.0", /10\.1\.2\.0/),
);
everywhere("D10", "the broadcast address is refused", (world) =>
  expectNotAllowed(world, "10.1.2.255", /broadcast/),
);

ours("D10", "an excluded address is refused", (world) =>
  expectNotAllowed(world, "10.1.2.9", /exclude/, { ...SUBNET, exclude: ["10.1.2.8/29"] }),
);

for (const address of ["10.1.2.5", "10.1.2.205"]) {
  ours("D11", `${address}, in the subnet but outside its range, is given`, async (world) => {
    const net = world.network({ ...SUBNET, rangeStart: "10.1.2.100", rangeEnd: "10.1.2.200" });
    expect(texts(await world.add(net, { args: `IP=${address}` }))).toEqual([`${address}/24`]);
  });
}

everywhere("D12", "an address held by another container is refused", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net, { container: "first", args: "IP=10.1.2.88" });
  const other = await world.makeNamespace();
  await world.refused(
    "ADD",
    net,
    { container: "second", netns: other.path, args: "IP=10.1.2.88" },
    {
      code: 101,
      text: /10\.1\.2\.88.*first|first.*10\.1\.2\.88/,
    },
  );
  expect((await world.held()).map((held) => held.container)).toEqual(["first"]);
});

everywhere("D12", "an address picked dynamically by another is refused too", async (world) => {
  const net = world.network(SUBNET);
  const taken = await world.address(net, { container: "first" });
  await world.refused("ADD", net, { container: "second", args: `IP=${taken}` }, { code: 101 });
});

ours("D12", "the same container's other interface is refused", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net, { args: "IP=10.1.2.88" });
  await world.refused("ADD", net, { ifname: "net1", args: "IP=10.1.2.88" }, { code: 101, text: /eth0/ });
});

ours("D13", "IDEMPOTENT: the same attachment gets the same address again", async (world) => {
  const net = world.network(SUBNET);
  const first = await world.add(net, { args: "IP=10.1.2.88" });
  expect(await world.add(net, { args: "IP=10.1.2.88" })).toEqual(first);
  expect((await world.held()).length).toBe(1);
});

ours("D13", "IDEMPOTENT: also without a request, on every set", async (world) => {
  const net = world.network(DUAL);
  const first = await world.add(net);
  expect(await world.add(net)).toEqual(first);
  expect((await world.held()).length).toBe(2);
});

for (const ips of [["999.1.1.1"], [""], [null], ["10.1.2"], "10.1.2.3", [7]]) {
  ours("D14", `malformed ips ${JSON.stringify(ips)} are refused`, async (world) => {
    for (const top of [{ args: { cni: { ips } } }, { runtimeConfig: { ips } }]) {
      await world.refused("ADD", world.network(SUBNET, top), {}, { code: 7, text: /ips/ });
    }
    expect(await world.held()).toEqual([]);
  });
}

everywhere("D14", "a malformed IP= is refused", async (world) => {
  await world.refused("ADD", world.network(SUBNET), { args: "IP=foo" }, { code: 4, text: /foo/ });
  expect(await world.held()).toEqual([]);
});

everywhere("D15", "an empty IP= is ignored", async (world) => {
  expect(await world.address(world.network(SUBNET), { args: "IP=" })).toBe("10.1.2.2");
});

everywhere("D16", "a CNI_ARGS pair without = is error 4", async (world) => {
  await world.refused("ADD", world.network(SUBNET), { args: "A" }, { code: 4, text: /CNI_ARGS.*A/ });
});

ours("D16", "a second = and an empty pair are tolerated", async (world) => {
  const args = "IgnoreUnknown=1;A=B=C;;IP=10.1.2.88;";
  expect(await world.address(world.network(SUBNET), { args })).toBe("10.1.2.88");
});

everywhere("D17", "an unknown CNI_ARGS key is refused", async (world) => {
  await world.refused("ADD", world.network(SUBNET), { args: "colour=blue" }, { code: 4, text: /colour/ });
});

for (const value of ["1", "true", "TRUE"]) {
  everywhere("D17", `IgnoreUnknown=${value} ignores it`, async (world) => {
    const args = `colour=blue;IgnoreUnknown=${value}`;
    expect(await world.address(world.network(SUBNET), { args })).toBe("10.1.2.2");
  });
}

everywhere("D17", "IgnoreUnknown with another text is refused", async (world) => {
  await world.refused(
    "ADD",
    world.network(SUBNET),
    { args: "IgnoreUnknown=maybe" },
    { code: 4, text: /maybe/ },
  );
});

everywhere("D17", "keys are case sensitive", async (world) => {
  await world.refused("ADD", world.network(SUBNET), { args: "ip=10.1.2.88" }, { code: 4 });
});

for (const key of ["ip", " IP", "IPS", "k8s_pod_namespace"]) {
  ours("D23", `IgnoreUnknown drops no '${key}', which other plugins ignore`, async (world) => {
    const net = world.network(SUBNET);
    const args = `IgnoreUnknown=1;${key}=10.1.2.88`;
    await world.refused("ADD", net, { args }, { code: 4, text: /did you mean (IP|K8S_POD_NAMESPACE)\?/ });
    expect(await world.held()).toEqual([]);
    const prevResult = await world.add(net);
    await world.quietly("CHECK", { ...net, prevResult }, { args });
    await world.del(net, { args });
    expect(await world.held()).toEqual([]);
  });
}

everywhere("D18", "runtimeConfig.ipRanges come before the configured sets", async (world) => {
  const runtimeConfig = { ipRanges: [[{ subnet: "10.1.5.0/24" }]] };
  const result = await world.add(world.network(SUBNET, { runtimeConfig }));
  expect(texts(result)).toEqual(["10.1.5.2/24", "10.1.2.2/24"]);
});

everywhere("D18", "runtimeConfig.ipRanges that overlap a set are refused", async (world) => {
  const runtimeConfig = { ipRanges: [[{ subnet: "10.1.2.0/25" }]] };
  await world.refused("ADD", world.network(SUBNET, { runtimeConfig }), {}, { code: 7, text: /overlap/ });
});

everywhere("D21", "a requested IPv6 address is normalised", async (world) => {
  const net = world.network({ subnet: "2001:db8:1::/64" });
  expect(texts(await world.add(net, { args: "IP=2001:0DB8:1:0::AB" }))).toEqual(["2001:db8:1::ab/64"]);
  await world.refused("ADD", net, { container: "c2", args: "IP=2001:db8:1::00ab" }, { code: 101 });
});

ours("hand-over", "a fixed address goes on when the old namespace is gone", async (world) => {
  const net = world.network(SUBNET);
  const old = await world.makeNamespace();
  await world.add(net, { container: "old", netns: old.path, args: "IP=10.1.2.88" });
  await old.remove();
  await world.add(net, { container: "new", args: "IP=10.1.2.88" });
  expect((await world.held()).map((held) => held.container)).toEqual(["new"]);
});

async function expectNotAllowed(
  world: World,
  address: string,
  text: RegExp,
  ipam: Configuration = SUBNET,
): Promise<void> {
  await world.refused("ADD", world.network(ipam), { args: `IP=${address}` }, { code: 102, text });
  expect(await world.held()).toEqual([]);
}
