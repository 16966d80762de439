import { expect } from "bun:test";
import { embedded, ours } from "../kit/case.ts";
import type { Configuration, World } from "../kit/world.ts";

/**
 * CAPPED (docs/design.md section 4): what a tenant writes has a bound. At the bound an ADD works, over it nothing is
 * allocated. That each ends within a case's limit shows that work does not grow out of hand.
 */

const SUBNET = { subnet: "10.0.0.0/8" };
const CAPABILITY = "io.kubernetes.cri.pod-annotations";
const many = <T>(count: number, item: (index: number) => T) =>
  Array.from({ length: count }, (_, n) => item(n));
const address = (offset: number) => `10.${(offset >> 16) & 255}.${(offset >> 8) & 255}.${offset & 255}`;
const range = (index: number) => ({ subnet: `172.${16 + (index >> 8)}.${index & 255}.0/24` });
const excluded = (count: number) => many(count, (index) => address(9 + 2 * index));

async function within(world: World, ipam: Configuration, top: Configuration = {}): Promise<void> {
  expect((await world.add(world.network(ipam, top))).ips.length).toBeGreaterThan(0);
}

async function over(world: World, ipam: Configuration, text: RegExp, top: Configuration = {}): Promise<void> {
  await world.refused("ADD", world.network(ipam, top), {}, { code: 7, text });
  expect(await world.held()).toEqual([]);
  await world.del(world.network(ipam, top));
}

/** etcd's own bound is 128 operations in a transaction: that is 41 range sets. */
const widest = (sets: number) => ({
  ranges: many(sets, (set) =>
    many(Math.floor(1_024 / sets), (at) => range(Math.floor(1_024 / sets) * set + at)),
  ),
  exclude: excluded(4_096),
});

embedded("C60", "64 range sets with 1,024 ranges in all, and 4,096 exclusions, are served", (world) =>
  within(world, widest(64)),
);

ours("C60", "32 range sets are served in every store", (world) => within(world, widest(32)));

ours("C60", "65 range sets are refused", (world) =>
  over(world, { ranges: many(65, (set) => [range(set)]) }, /ipam\.ranges has 65 range sets, more than 64/),
);

ours("C60", "30,000 range sets are refused as quickly", (world) =>
  over(world, { ranges: many(30_000, () => [range(0)]) }, /has 30000 range sets, more than 64/),
);

ours("C61", "one set of 1,024 ranges with fixed parts is served, one of 1,025 refused", async (world) => {
  const fixed = (index: number) => {
    const { subnet } = range(index);
    const at = (host: number) => subnet.replace("0/24", String(host));
    return {
      subnet,
      rangeStart: at(10),
      rangeEnd: at(99),
      fixedStart: at(100),
      fixedEnd: at(110),
      exclude: [at(50)],
    };
  };
  await over(world, { ranges: [many(1_025, fixed)] }, /ipam\.ranges has 1025 ranges, more than 1024/);
  await within(world, { ranges: [many(1_024, fixed)] });
});

ours("C62", "so for runtimeConfig.ipRanges", (world) =>
  over(world, {}, /runtimeConfig\.ipRanges has 65 range sets, more than 64/, {
    runtimeConfig: { ipRanges: many(65, (set) => [range(set)]) },
  }),
);

ours("C63", "4,097 exclusions are refused", (world) =>
  over(world, { ...SUBNET, exclude: excluded(4_097) }, /ipam\.exclude has 4097 entries/),
);

ours("C64", "1,024 routes come back, 1,025 are refused", async (world) => {
  const routes = (count: number) => many(count, (index) => ({ dst: `${address(256 * index)}/24` }));
  await over(world, { ...SUBNET, routes: routes(1_025) }, /ipam\.routes has 1025 routes, more than 1024/);
  expect((await world.add(world.network({ ...SUBNET, routes: routes(1_024) }))).routes).toHaveLength(1_024);
});

ours("C65", "1,025 addresses in runtimeConfig.ips are refused", (world) =>
  over(world, SUBNET, /runtimeConfig\.ips has 1025 addresses, more than 1024/, {
    runtimeConfig: { ips: many(1_025, (index) => address(300 + index)) },
  }),
);

ours(
  "C66",
  "1,025 addresses in args.cni.ips are refused; 1,024 are read, and no set is left for them",
  async (world) => {
    const args = (count: number) => ({
      args: { cni: { ips: many(count, (index) => address(300 + index)) } },
    });
    await over(world, SUBNET, /args\.cni\.ips has 1025 addresses, more than 1024/, args(1_025));
    const read = world.network(SUBNET, args(1_024));
    await world.refused("ADD", read, {}, { code: 102, text: /cannot give all requested addresses/ });
  },
);

ours("C68", "1,025 addresses in CNI_ARGS are refused", async (world) => {
  const call = { args: `IP=${many(1_025, (index) => address(300 + index)).join(",")}` };
  await world.refused("ADD", world.network(SUBNET), call, { code: 4, text: /IP has 1025 addresses/ });
});

ours("C69", "CNI_ARGS of more than 64 KiB are refused", async (world) => {
  const call = { args: `IgnoreUnknown=1;X=${"x".repeat(65_536)}` };
  await world.refused("ADD", world.network(SUBNET), call, { code: 4, text: /more than 65536/ });
  await world.del(world.network(SUBNET), call);
});

ours(
  "C70",
  "a network's name has 253 characters at most; DEL of a longer one has nothing to free",
  async (world) => {
    const named = (length: number) => world.network(SUBNET, { name: "n".repeat(length) });
    await world.refused("ADD", named(254), {}, { code: 7, text: /^name must be .* at most 253 of them/ });
    await world.refused("ADD", named(300_000), {}, { code: 7, text: /^name must be/ });
    await world.del(named(300_000));
    await world.add(named(253));
    await world.del(named(253));
    expect(await world.held()).toEqual([]);
  },
);

ours("C71", "a container's ID has 1,024 characters at most", async (world) => {
  const net = world.network(SUBNET);
  const text = /CNI_CONTAINERID is too long/;
  await world.refused("ADD", net, { container: "c".repeat(1_025) }, { code: 4, text });
  await world.refused("DEL", net, { container: "c".repeat(1_025) }, { code: 4, text });
  await world.add(net, { container: "c".repeat(1_024) });
  await world.del(net, { container: "c".repeat(1_024) });
});

ours("C72", "a pod's namespace, name and UID are no longer than Kubernetes' are", async (world) => {
  for (const [key, most] of [
    ["NAMESPACE", 63],
    ["NAME", 253],
    ["UID", 128],
  ] as const) {
    const words = { NAMESPACE: "a", NAME: "b", UID: "u", [key]: "x".repeat(most + 1) };
    const args = Object.entries(words).map(([word, value]) => `K8S_POD_${word}=${value}`);
    const text = new RegExp(`K8S_POD_${key} has ${most + 1} characters, more than ${most}`);
    const call = { args: ["IgnoreUnknown=1", ...args].join(";") };
    await world.refused("ADD", world.network({ ...SUBNET, nodeLocal: true }), call, { code: 4, text });
  }
});

ours(
  "C73",
  "a configuration of more than 1 MiB gives nothing, and DEL of it ends what there is",
  async (world) => {
    await world.add(world.network(SUBNET));
    const large = world.network(SUBNET, { note: "x".repeat(1024 * 1024) });
    await world.refused("ADD", large, { ifname: "eth1" }, { code: 7, text: /characters, more than 1048576/ });
    await world.del(large);
    expect(await world.held()).toEqual([]);
  },
);

ours("C74", "100,000 unknown keys are told a few times", (world) =>
  within(world, { ...SUBNET, ...Object.fromEntries(many(90_000, (index) => [`k${index}`, 1])) }),
);

ours(
  "C130",
  "little values by the hundred thousand give nothing, and DEL ends what there is",
  async (world) => {
    await world.add(world.network(SUBNET));
    const text = /more than 131072 members and entries/;
    for (const note of [many(200_000, () => 1), many(140_000, () => ({})), many(140_000, () => [])]) {
      const little = world.network(SUBNET, { note });
      await world.refused("ADD", little, { ifname: "eth1" }, { code: 7, text });
    }
    await world.del(world.network(SUBNET, { note: many(200_000, () => 1) }));
    expect(await world.held()).toEqual([]);
  },
);

ours("C131", "a cniVersion of a megabyte is not repeated", async (world) => {
  const net = world.network(SUBNET, { cniVersion: "1".repeat(1_000_000) });
  const text = await world.refused("ADD", net, {}, { code: 1, text: /\(1000000 characters\)/ });
  expect(text.length).toBeLessThan(5_000);
});

const asking = (world: World, annotations: Readonly<Record<string, string>>) =>
  world.network({ ...SUBNET, nodeLocal: true }, { runtimeConfig: { [CAPABILITY]: annotations } });
const POD = { args: "IgnoreUnknown=1;K8S_POD_NAMESPACE=a;K8S_POD_NAME=db-0;K8S_POD_UID=u" };

for (const [id, annotations, text] of [
  [
    "J70",
    { "kube-ipam.ips": many(1_025, (index) => address(300 + 2 * index)).join(",") },
    /at most 1024 entries, not 1025/,
  ],
  [
    "J70",
    { "kube-ipam.ip": many(129, (index) => address(300 + index)).join(",") },
    /at most 128 entries, not 129/,
  ],
  ["J71", { "kube-ipam.ips": "10.0.1.0-10.1.1.0" }, /at most 65536 addresses, not 65537/],
  ["J71", { "kube-ipam.ips": "fd00::1-fd00:1::" }, /at most 65536 addresses/],
  [
    "J72",
    { "kube-ipam.ips": many(36_000, (index) => `::${index.toString(16)}`).join(",") },
    /at most 65536 characters/,
  ],
  ["J72", { "kube-ipam.ip": "x".repeat(225_000) }, /at most 65536 characters/],
  [
    "J73",
    Object.fromEntries(many(129, (index) => [`kube-ipam.ip/net${index}`, "10.0.0.9"])),
    /129 annotations kube-ipam\.\*, more than 128/,
  ],
  [
    "J74",
    {
      "k8s.v1.cni.cncf.io/networks": many(40_000, (index) => `n${index}`).join(","),
      "kube-ipam.ip/n39999": "10.0.0.9",
    },
    /which is not a network or interface of the pod/,
  ],
] as const) {
  ours(id, `more than the bound gives nothing, and says both: ${text.source}`, async (world) => {
    const code = id === "J74" ? 102 : 103;
    const said = await world.refused("ADD", asking(world, annotations), POD, { code, text });
    expect(said.length).toBeLessThan(6_000);
    expect(await world.held()).toEqual([]);
    await world.del(asking(world, annotations), POD);
  });
}
