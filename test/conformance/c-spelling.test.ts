import { expect } from "bun:test";
import { alone, everywhere, ours } from "../kit/case.ts";
import type { Configuration, World } from "../kit/world.ts";

/** docs/behaviour.md section C, on spelling: configuration that says which addresses are meant is never ignored. */

const SUBNET = { subnet: "10.1.2.0/24" };

everywhere("C36", "keys are read without regard to case", async (world) => {
  const net = world.network({ SUBNET: "10.1.2.0/24", rangestart: "10.1.2.100", Gateway: "10.1.2.254" });
  const result = await world.add(net);
  expect(result.ips).toMatchObject([{ address: "10.1.2.100/24", gateway: "10.1.2.254" }]);
});

everywhere("C36", "so in ranges, in routes and in what is around ipam", async (world) => {
  const { name, ipam, cniVersion, ...rest } = world.network({
    Ranges: [[{ Subnet: "10.1.2.0/24", rangeſtart: "10.1.2.100", RANGEEND: "10.1.2.101" }]],
    ROUTES: [{ Dst: "0.0.0.0/0", GW: "10.1.2.9" }],
  });
  const result = await world.add({ CNIVersion: cniVersion, Name: name, IPAM: ipam, ...rest });
  expect(result).toMatchObject({
    cniVersion: "1.0.0",
    ips: [{ address: "10.1.2.100/24" }],
    routes: [{ dst: "0.0.0.0/0", gw: "10.1.2.9" }],
  });
});

everywhere("C39", "a wish in another case is a wish", async (world) => {
  const args = world.network(SUBNET, { Args: { CNI: { IPs: ["10.1.2.78"] } } });
  expect(await world.address(args)).toBe("10.1.2.78");
  const runtime = world.network(SUBNET, { RuntimeConfig: { Ips: ["10.1.2.79"] } });
  expect(await world.address(runtime, { container: "c2" })).toBe("10.1.2.79");
});

alone("C37", "a locked key is locked in any case", async (world) => {
  const file = world.place.folder.file("node.json");
  await Bun.write(file, JSON.stringify(world.place.ipam));
  const env = { KUBE_IPAM_CONFIG: file };
  for (const ipam of [{ DataDir: "/tmp/evil" }, { etcdconfig: { etcdurl: "http://127.0.0.1:1" } }]) {
    const net = world.network({ ...SUBNET, ...ipam });
    const finished = await world.run(
      "ADD",
      { ...net, ipam: { type: "kube-ipam", ...SUBNET, ...ipam } },
      {},
      { env },
    );
    world.refusal(finished, { code: 7, text: /is locked by/ });
  }
});

for (const spelling of ["subnet", "Subnet"]) {
  ours("C38", `subnet and ${spelling} in one object are refused`, async (world) => {
    const text = JSON.stringify(world.network({ ...SUBNET, twice: "10.9.0.0/16" }));
    const finished = await world.run("ADD", text.replace("twice", spelling));
    world.refusal(finished, { code: 7, text: /ipam\.subnet is there twice/ });
    expect(await world.held()).toEqual([]);
  });
}

for (const [ipam, text] of [
  [{ addresses: [{ address: "10.1.2.9/24" }] }, /addresses is static's key/],
  [{ range_start: "10.1.2.9" }, /range_start is whereabouts' key.*"rangeStart"/],
  [{ ipv4_pools: ["p"] }, /ipv4_pools is Calico's key/],
  [{ default_ipv4_ippool: ["p"] }, /default_ipv4_ippool is Spiderpool's key/],
] as const) {
  ours("C40", `${Object.keys(ipam)} is refused`, (world) =>
    expectRefused(world, { ...SUBNET, ...ipam }, text),
  );
}

ours("C41", "whereabouts' configuration is refused with our words", (world) =>
  expectRefused(
    world,
    { range: "10.1.2.0/24", range_start: "10.1.2.9" },
    /range is whereabouts' key.*"subnet"/,
  ),
);

ours("C42", "a range excludes addresses of its own", async (world) => {
  const ranges = [[{ ...SUBNET, exclude: ["10.1.2.2-10.1.2.8"] }], [{ subnet: "10.1.3.0/24" }]];
  const result = await world.add(world.network({ ranges, exclude: ["10.1.2.9"] }));
  expect(result.ips.map(({ address }) => address)).toEqual(["10.1.2.10/24", "10.1.3.2/24"]);
});

ours("C43", "exclude beside ipam is refused", async (world) => {
  const net = world.network(SUBNET, { exclude: ["10.1.2.2/31"] });
  await world.refused("ADD", net, {}, { code: 7, text: /^exclude .*into "ipam"/ });
});

everywhere("C44", "a main plugin's keys beside ipam are its own", async (world) => {
  const top = {
    bridge: "cni0",
    isGateway: true,
    mtu: 1400,
    vlan: 5,
    dataDir: "/d",
    kubeconfig: "/k",
    dns: {},
  };
  expect(await world.address(world.network(SUBNET, top))).toBe("10.1.2.2");
});

ours("C45", "rangeStart beside ranges is refused", (world) =>
  expectRefused(world, { rangeStart: "10.1.2.9", ranges: [[SUBNET]] }, /subnet is not set.*rangeStart/),
);

for (const [key, right] of [
  ["excludes", "exclude"],
  ["rangStart", "rangeStart"],
  ["range-end", "rangeEnd"],
] as const) {
  ours("C46", `${key} is refused with ${right}`, (world) =>
    expectRefused(
      world,
      { ...SUBNET, [key]: "10.1.2.9" },
      new RegExp(`${key} is not known: did you mean ${right}\\?`),
    ),
  );
}

everywhere("C47", "other unknown keys are no error", async (world) => {
  expect(await world.address(world.network({ ...SUBNET, colour: "blue" }))).toBe("10.1.2.2");
});

ours("C48", "a DEL goes on with a configuration that an ADD refuses, and STATUS does not", async (world) => {
  const version = { cniVersion: "1.1.0" };
  await world.add(world.network(SUBNET, version));
  const wrong = world.network({ ...SUBNET, range: "10.9.0.0/16", excludes: [] }, { ...version, exclude: [] });
  await world.refused("STATUS", wrong, {}, { code: 7 });
  await world.quietly("CHECK", { ...wrong, prevResult: await world.add(world.network(SUBNET, version)) });
  await world.del(wrong);
  expect(await world.held()).toEqual([]);
});

alone("C49", "keys of the node's file and of its pools are read by the same rules", async (world) => {
  const file = world.place.folder.file("node.json");
  const env = { KUBE_IPAM_CONFIG: file };
  const add = async (node: Configuration) => {
    await Bun.write(file, JSON.stringify({ ...world.place.ipam, ...node }));
    return world.run("ADD", { ...world.network({}), ipam: { type: "kube-ipam", pool: "db" } }, {}, { env });
  };
  const refused = async (node: Configuration, text: RegExp) =>
    world.refusal(await add(node), { code: 7, text });
  await refused(
    { pools: { db: { subnets: ["10.1.2.0/24"], excludes: [] } } },
    /pools\.db\.excludes is not known/,
  );
  await refused({ namespaces: ["a"], pools: {} }, /node\.json: namespaces does not count where it stands/);
  const { stdout } = await add({ Pools: { db: { Subnets: ["10.1.2.0/24"], EXCLUDE: ["10.1.2.2"] } } });
  expect(JSON.parse(stdout).ips).toMatchObject([{ address: "10.1.2.3/24" }]);
});

async function expectRefused(world: World, ipam: Configuration, text: RegExp): Promise<void> {
  await world.refused("ADD", world.network(ipam), {}, { code: 7, text });
  expect(await world.held()).toEqual([]);
}
