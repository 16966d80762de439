import { expect } from "bun:test";
import { everywhere, ours } from "../kit/case.ts";
import type { Configuration, World } from "../kit/world.ts";

/** docs/behaviour.md section C: subnets, ranges and sets. */

everywhere("C1", "a subnet alone gives .2 first and names .1 as gateway", async (world) => {
  const result = await world.add(world.network({ subnet: "10.1.2.0/24" }));
  expect(result.ips).toMatchObject([{ address: "10.1.2.2/24", gateway: "10.1.2.1" }]);
});

everywhere("C2", "an IPv6 /64 gives ::2 first", async (world) => {
  const result = await world.add(world.network({ subnet: "2001:db8:1::/64" }));
  expect(result.ips).toMatchObject([{ address: "2001:db8:1::2/64", gateway: "2001:db8:1::1" }]);
});

everywhere("C3", "a /30 has one address to give", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/30" });
  expect(await world.address(net)).toBe("10.1.2.2");
  await world.refused("ADD", net, { container: "c2" }, { code: 100, text: /net1|10\.1\.2\./ });
});

for (const subnet of ["10.1.2.0/31", "10.1.2.0/32", "2001:db8::/127", "2001:db8::/128"]) {
  everywhere("C4", `${subnet} is too small`, (world) => expectInvalid(world, { subnet }, /too small|small/));
}

for (const [subnet, network] of [
  ["192.0.2.12/24", "192.0.2.0/24"],
  ["192.168.127.0/23", "192.168.126.0/23"],
  ["2001:db8:24:19ff::/63", "2001:db8:24:19fe::/63"],
] as const) {
  everywhere("C5", `host bits in ${subnet} are refused`, async (world) => {
    const text = await expectInvalid(world, { subnet }, /subnet/);
    if (world.subject.ours) expect(text).toContain(network);
  });
}

everywhere("C6", "rangeStart outside the subnet is refused", (world) =>
  expectInvalid(world, { subnet: "192.0.2.0/24", rangeStart: "192.0.3.0" }, /rangeStart.*192\.0\.3\.0/i),
);

everywhere("C7", "rangeEnd outside the subnet is refused", (world) =>
  expectInvalid(world, { subnet: "192.0.2.0/24", rangeEnd: "192.0.3.9" }, /rangeEnd.*192\.0\.3\.9/i),
);

everywhere("C8", "rangeStart after rangeEnd is refused", async (world) => {
  const backwards = { subnet: "192.0.2.0/24", rangeStart: "192.0.2.50", rangeEnd: "192.0.2.40" };
  const text = await expectInvalid(world, backwards, /rangeStart/i);
  expect(text).toContain("192.0.2.50");
});

everywhere("C9", "rangeStart equal to rangeEnd is a range of one address", async (world) => {
  const net = world.network({ subnet: "192.0.2.0/24", rangeStart: "192.0.2.50", rangeEnd: "192.0.2.50" });
  expect(await world.address(net)).toBe("192.0.2.50");
  await world.refused("ADD", net, { container: "c2" }, { code: 100 });
});

ours("C10", "network, broadcast and subnet-router anycast addresses are never given out", async (world) => {
  const v4 = world.network({ subnet: "10.1.2.0/29", rangeStart: "10.1.2.0", rangeEnd: "10.1.2.7" });
  expect(await fill(world, v4, "a")).toEqual([2, 3, 4, 5, 6].map((last) => `10.1.2.${last}`));
  const v6 = world.network(
    { subnet: "2001:db8::/125", rangeStart: "2001:db8::", rangeEnd: "2001:db8::3" },
    { name: "net2" },
  );
  expect(await fill(world, v6, "b")).toEqual(["2001:db8::2", "2001:db8::3"]);
});

everywhere("C11", "a gateway inside the range is never given out", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/29", gateway: "10.1.2.4" });
  const all = await fill(world, net, "c");
  expect(all).not.toContain("10.1.2.4");
  expect(all).toContain("10.1.2.5");
});

ours("C12", "a gateway outside the subnet is refused", (world) =>
  expectInvalid(world, { subnet: "10.1.2.0/24", gateway: "10.1.3.1" }, /gateway.*10\.1\.3\.1/),
);

for (const gateway of ["2001:db8::1", "nonsense", "10.1.2"]) {
  ours("C13", `gateway ${gateway} is refused`, (world) =>
    expectInvalid(world, { subnet: "10.1.2.0/24", gateway }, /gateway/),
  );
}

ours("C14", "gateways of every range are excluded from every range", async (world) => {
  const first = { subnet: "10.1.2.0/28", rangeStart: "10.1.2.2", rangeEnd: "10.1.2.4", gateway: "10.1.2.14" };
  const second = { subnet: "10.1.2.0/28", rangeStart: "10.1.2.12", rangeEnd: "10.1.2.14" };
  const all = await fill(world, world.network({ ranges: [[first, second]] }), "c");
  expect(all).toEqual(["10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.12", "10.1.2.13"]);
});

everywhere("C15", "one address comes from each set", async (world) => {
  const net = world.network({ ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.3.0/24" }]] });
  const result = await world.add(net);
  expect(result.ips.map((ip) => ip.address)).toEqual(["10.1.2.2/24", "10.1.3.2/24"]);
});

everywhere("C16", "a full range falls back to the next of its set", async (world) => {
  const set = [{ subnet: "10.1.2.0/30" }, { subnet: "10.1.3.0/30" }];
  const net = world.network({ ranges: [set] });
  expect(await fill(world, net, "c")).toEqual(["10.1.2.2", "10.1.3.2"]);
});

everywhere("C17", "a freed address is not given out again before the others", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/29" });
  expect(await world.address(net, { container: "a" })).toBe("10.1.2.2");
  await world.del(net, { container: "a" });
  expect(await world.address(net, { container: "b" })).toBe("10.1.2.3");
});

everywhere("C17", "the search wraps round to freed addresses", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/29" });
  await fill(world, net, "c");
  await world.del(net, { container: "c1" });
  expect(await world.address(net, { container: "d" })).toBe("10.1.2.3");
});

everywhere("C18", "a full range is refused naming set and range", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/24", rangeStart: "10.1.2.7", rangeEnd: "10.1.2.8" });
  await fill(world, net, "c");
  const text = await world.refused("ADD", net, { container: "late" }, { code: 100 });
  expect(text).toContain("10.1.2.7-10.1.2.8");
  expect(await world.heldAddresses()).toEqual(["10.1.2.7", "10.1.2.8"]);
});

everywhere("C19", "ONE-STEP: a full second set gives nothing from the first", async (world) => {
  const net = world.network({ ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.3.0/30" }]] });
  await world.add(net);
  await world.refused("ADD", net, { container: "c2" }, { code: 100, text: /10\.1\.3\./ });
  expect(await world.heldAddresses()).toEqual(["10.1.2.2", "10.1.3.2"]);
});

everywhere("C20", "no range at all is refused", (world) =>
  expectInvalid(world, { ranges: [] }, /subnet|ranges/),
);
everywhere("C21", "an empty set is refused", (world) => expectInvalid(world, { ranges: [[]] }, /ranges/));

everywhere("C22", "two families in one set are refused", (world) =>
  expectInvalid(world, { ranges: [[{ subnet: "10.1.2.0/24" }, { subnet: "2001:db8::/64" }]] }, /famil/),
);

everywhere("C23", "overlap inside a set is refused", (world) =>
  expectInvalid(world, { ranges: [[{ subnet: "10.1.0.0/22" }, { subnet: "10.1.2.0/24" }]] }, /overlap/),
);

everywhere("C24", "overlap between sets is refused", (world) =>
  expectInvalid(world, { ranges: [[{ subnet: "10.1.0.0/22" }], [{ subnet: "10.1.2.0/24" }]] }, /overlap/),
);

everywhere("C25", "neighbouring ranges of one subnet are allowed", async (world) => {
  const low = { subnet: "10.1.2.0/24", rangeEnd: "10.1.2.127" };
  const high = { subnet: "10.1.2.0/24", rangeStart: "10.1.2.128" };
  expect(await world.address(world.network({ ranges: [[low, high]] }))).toBe("10.1.2.2");
});

everywhere("C25", "ranges that share one address are refused", (world) => {
  const low = { subnet: "10.1.2.0/24", rangeEnd: "10.1.2.127" };
  const high = { subnet: "10.1.2.0/24", rangeStart: "10.1.2.127" };
  return expectInvalid(world, { ranges: [[low, high]] }, /overlap/);
});

everywhere("C26", "a subnet at the top is the first set", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/24", ranges: [[{ subnet: "10.1.3.0/24" }]] });
  expect((await world.add(net)).ips.map((ip) => ip.address)).toEqual(["10.1.2.2/24", "10.1.3.2/24"]);
});

ours("C27", "two networks of one address space never share an address", async (world) => {
  const one = world.network({ subnet: "10.1.2.0/24" }, { name: "one" });
  const two = world.network({ subnet: "10.1.2.0/24" }, { name: "two" });
  expect(await world.address(one)).not.toBe(await world.address(two));
});

ours("C27", "two address spaces are independent", async (world) => {
  const one = world.network({ subnet: "10.1.2.0/24", addressSpace: "wire-a" }, { name: "one" });
  const two = world.network({ subnet: "10.1.2.0/24", addressSpace: "wire-b" }, { name: "two" });
  expect(await world.address(one)).toBe("10.1.2.2");
  expect(await world.address(two)).toBe("10.1.2.2");
});

ours("C28", "excluded blocks and single addresses are skipped", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/27", exclude: ["10.1.2.20", "10.1.2.8/29"] });
  const all = await fill(world, net, "c");
  const expected = [2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30];
  expect(all).toEqual(expected.map((last) => `10.1.2.${last}`));
});

ours("C28", "an invalid exclude entry is refused", (world) =>
  expectInvalid(world, { subnet: "10.1.2.0/24", exclude: ["10.1.2.300"] }, /exclude.*10\.1\.2\.300/),
);

ours("C28", "a huge excluded IPv6 block costs nothing", async (world) => {
  const net = world.network({ subnet: "2001:db8::/48", exclude: ["2001:db8::/49"] });
  const finished = await world.run("ADD", net);
  expect(finished.stdout).toContain("2001:db8:0:8000::");
});

ours("C29", "a range excluded as a whole is error 100", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/24", exclude: ["10.1.2.0/24"] });
  await world.refused("ADD", net, {}, { code: 100 });
});

everywhere("C30", "leading zeros are refused", (world) =>
  expectInvalid(world, { subnet: "010.001.002.000/24" }, /subnet.*010\.001\.002\.000/),
);

for (const subnet of ["0.0.0.0/0", "127.0.0.0/8", "224.0.0.0/4", "ff00::/8"]) {
  ours("C32", `subnet ${subnet} is refused`, (world) => expectInvalid(world, { subnet }, /subnet/));
}

ours("C32", "a link-local subnet works, with a warning in the log", async (world) => {
  await world.add(world.network({ subnet: "169.254.0.0/16" }));
  expect(await Bun.file(world.place.folder.file("kube-ipam.log")).text()).toContain("link-local");
});

for (const subnet of ["10.0.0.0/8", "2001:db8::/48", "2001:db8::/32"]) {
  ours("C33", `an ADD in ${subnet} is bounded`, async (world) => {
    const finished = await world.run("ADD", world.network({ subnet }));
    expect(finished.exitCode).toBe(0);
  });
}

ours("C34", "another subnet for a known network name is given out beside the first", async (world) => {
  const first = world.network({ subnet: "10.1.2.0/24" });
  const second = world.network({ subnet: "10.9.0.0/24" });
  expect(await world.address(first)).toStartWith("10.1.2.");
  expect(await world.address(second, { container: "c2" })).toStartWith("10.9.0.");
  expect(await world.address(first, { container: "c3" })).toStartWith("10.1.2.");
});

ours("fixedStart", "the fixed part of a subnet is not given out dynamically", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/29", fixedStart: "10.1.2.2", fixedEnd: "10.1.2.4" });
  expect(await fill(world, net, "c")).toEqual(["10.1.2.5", "10.1.2.6"]);
  const fixed = await world.add(net, { container: "fixed", args: "IP=10.1.2.3" });
  expect(fixed.ips[0]?.address).toBe("10.1.2.3/29");
});

/** ADDs with containers PREFIX0, PREFIX1, … until one is refused; the addresses in their order. */
async function fill(world: World, net: Configuration, prefix: string): Promise<string[]> {
  const addresses: string[] = [];
  for (let n = 0; n < 64; n += 1) {
    const finished = await world.run("ADD", net, { container: `${prefix}${n}` });
    if (finished.exitCode !== 0) {
      world.refusal(finished, { code: 100 });
      return addresses;
    }
    addresses.push(JSON.parse(finished.stdout).ips[0].address.split("/")[0]);
  }
  throw new Error("expected the range to be full after 64 ADDs");
}

async function expectInvalid(world: World, ipam: Configuration, text: RegExp): Promise<string> {
  const said = await world.refused("ADD", world.network(ipam), {}, { code: 7, text });
  expect(await world.held()).toEqual([]);
  return said;
}

/** Two gateways on one wire: each range is routed its own way. */
const TWO_GATEWAYS = [
  { subnet: "10.1.2.0/24", rangeStart: "10.1.2.10", rangeEnd: "10.1.2.10", gateway: "10.1.2.1" },
  { subnet: "10.1.2.0/24", rangeStart: "10.1.2.20", rangeEnd: "10.1.2.21", gateway: "10.1.2.2" },
];

everywhere("C35", "a dynamic address has the gateway of its own range", async (world) => {
  const net = world.network({ ranges: [TWO_GATEWAYS] });
  const first = await world.add(net, { container: "a" });
  const second = await world.add(net, { container: "b" });
  expect([...first.ips, ...second.ips]).toMatchObject([
    { address: "10.1.2.10/24", gateway: "10.1.2.1" },
    { address: "10.1.2.20/24", gateway: "10.1.2.2" },
  ]);
});

everywhere("C35", "an address asked for by name has the gateway of its range too", async (world) => {
  const net = world.network({ ranges: [TWO_GATEWAYS] });
  const result = await world.add(net, { args: "IP=10.1.2.21" });
  expect(result.ips).toMatchObject([{ address: "10.1.2.21/24", gateway: "10.1.2.2" }]);
});
