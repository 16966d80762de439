import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { alone, ours } from "../kit/case.ts";
import type { Configuration, World } from "../kit/world.ts";

/** docs/behaviour.md section C, C80 to C86: what one network's name stands for changes, or is several things at once. */

const before = { subnet: "10.1.2.0/24" };

for (const [how, after, first] of [
  ["widened", { subnet: "10.1.0.0/16", gateway: "10.1.2.1", rangeStart: "10.1.9.1" }, /^10\.1\./],
  ["narrowed", { subnet: "10.1.2.0/28", rangeStart: "10.1.2.9" }, /^10\.1\.2\.(9|1[0-4])$/],
  ["moved", { subnet: "10.9.0.0/24" }, /^10\.9\.0\./],
  ["moved to the other family", { subnet: "fd00:9::/64" }, /^fd00:9::/],
  ["excluded around it", { subnet: "10.1.2.0/24", exclude: ["10.1.2.0/25"] }, /^10\.1\.2\.(1[3-9]|12[89]|2)/],
  ["put into another address space", { subnet: "10.1.2.0/24", addressSpace: "vlan20" }, /^10\.1\.2\./],
] as const) {
  ours(
    "C80",
    `a network in use is ${how}: the next ADD goes by that, and what is held stays`,
    async (world) => {
      const [old, now] = [world.network(before), world.network({ ...after })];
      const kept = await world.add(old, { container: "old" });
      expect(await world.address(now, { container: "new" })).toMatch(first);
      for (const network of [old, now]) {
        expect((await world.add(network, { container: "old" })).ips).toEqual(kept.ips);
        await world.quietly("CHECK", { ...network, prevResult: kept }, { container: "old" });
      }
      await world.del(now, { container: "old" });
      await world.del(old, { container: "new" });
      expect(await world.held()).toEqual([]);
    },
  );
}

ours("C80", "a network without pods moves, whoever else is in its old subnet", async (world) => {
  const other = world.network(before, { name: "other" });
  await world.add(other, { container: "o" });
  await world.add(world.network(before));
  await world.del(world.network(before));
  expect(await world.address(world.network({ subnet: "10.3.0.0/24" }))).toStartWith("10.3.0.");
});

alone(
  "C81",
  "two definitions of one name by turns: one line tells of it, and one of what lies outside",
  async (world) => {
    const one = world.network({ ...before, rangeEnd: "10.1.2.99" });
    const two = world.network({ ...before, rangeStart: "10.1.2.130" });
    for (let n = 0; n < 6; n += 1) await world.add(one, { container: `a${n}` });
    for (let n = 0; n < 5; n += 1) {
      await world.add(two, { container: `b${n}` });
      await world.add(one, { container: `c${n}` });
    }
    const warnings = logOf(world).filter((line) => line.includes("WARN"));
    expect(warnings).toEqual([
      expect.stringContaining(
        "the configuration of network 'net1' differs from the one that the store recorded last",
      ),
      expect.stringMatching(
        /10\.1\.2\.2 \(container a0\), .* now lies outside of what its configuration gives out/,
      ),
    ]);
  },
);

ours(
  "C83",
  "one name in two address spaces: each address twice, and DEL by either definition",
  async (world) => {
    const [one, two] = [world.network(before), world.network({ ...before, addressSpace: "vlan20" })];
    for (const [container, network] of [
      ["a", one],
      ["b", two],
    ] as const)
      expect(await world.address(network, { container, args: "IP=10.1.2.9" })).toBe("10.1.2.9");
    await world.refused(
      "ADD",
      two,
      { container: "c", args: "IP=10.1.2.9" },
      {
        code: 101,
        text: /address 10\.1\.2\.9 of address space 'vlan20' is held .*release --force --space vlan20 10\.1\.2\.9/,
      },
    );
    await world.del(two, { container: "a" });
    expect((await world.held()).map(({ container }) => container)).toEqual(["b"]);
    await world.del(one, { container: "b" });
    expect(await world.held()).toEqual([]);
  },
);

ours("C84", "one subnet on two wires: each error on the way there names the next step", async (world) => {
  await withFile(world, {}, async () => {
    await world.add(line(10), { container: "a", args: "IP=10.1.2.9" });
    await world.refused(
      "ADD",
      line(20),
      { container: "b", args: "IP=10.1.2.9" },
      {
        code: 101,
        text: /network 'line20' here and 'line10' there share address space 'default'.*addressSpace of its own/,
      },
    );
  });
  const pools = { vlan20: { subnets: ["10.1.2.0/24"], addressSpace: "vlan20" } };
  await withFile(world, { pools }, async () => {
    await world.refused(
      "ADD",
      line(20, { subnet: "10.7.0.0/24", addressSpace: "vlan20" }),
      { container: "b" },
      {
        code: 7,
        text: /ipam\.addressSpace is locked .*write "pool": "vlan20"/,
      },
    );
    await world.refused(
      "ADD",
      line(10),
      { container: "b" },
      {
        code: 7,
        text: /overlaps with pool 'vlan20'.*or, if this network is on another wire, define a pool of its own/,
      },
    );
    const wire = { container: "b", args: "IP=10.1.2.9" };
    expect(await world.address(pooled(20, "vlan20"), wire)).toBe("10.1.2.9");
    await world.del(line(10), { container: "a" });
    await world.del(pooled(20, "vlan20"), wire);
    expect(await world.held()).toEqual([]);
  });
});

ours(
  "C85",
  "a pool of the node's file changes under pods: they keep what they have, and the next go by it",
  async (world) => {
    const network = pooled(10, "db");
    const [kept] = await withFile(world, { pools: { db: { subnets: ["10.1.2.0/28"] } } }, async () => [
      await world.add(network, { container: "old" }),
    ]);
    for (const [index, [pool, next]] of (
      [
        [{ subnets: ["10.1.0.0/16"], exclude: ["10.1.0.0/23"] }, /^10\.1\.([2-9]|[1-9]\d+)\./],
        [{ ranges: [[{ subnet: "10.1.2.0/28", rangeStart: "10.1.2.9" }]] }, /^10\.1\.2\.(9|1\d)$/],
        [{ subnets: ["10.9.0.0/24"] }, /^10\.9\.0\./],
        [{ subnets: ["10.1.2.0/28"], exclude: ["10.1.2.2"] }, /^10\.1\.2\.([3-9]|1\d)$/],
        [{ subnets: ["10.1.2.0/28"], addressSpace: "vlan20" }, /^10\.1\.2\./],
        [{ subnets: ["10.1.2.0/28"], namespaces: ["nobody"] }, undefined],
      ] as const
    ).entries())
      await withFile(world, { pools: { db: pool } }, async () => {
        expect((await world.add(network, { container: "old" })).ips).toEqual(kept?.ips ?? []);
        await world.quietly("CHECK", { ...network, prevResult: kept }, { container: "old" });
        const container = `new${index}`;
        if (next === undefined)
          await world.refused("ADD", network, { container }, { code: 102, text: /pool 'db'/ });
        else expect(await world.address(network, { container })).toMatch(next);
      });
    await withFile(world, {}, async () => {
      for (const { container } of await world.held()) await world.del(network, { container });
    });
    expect(await world.held()).toEqual([]);
  },
);

/** A line of the plant, on a wire of its own. */
function line(number: number, ipam: Configuration = {}): Configuration {
  return { ...pooled(number, ""), ipam: { type: "kube-ipam", ...before, ...ipam } };
}

function pooled(number: number, pool: string): Configuration {
  const ipam = { type: "kube-ipam", pool };
  return { cniVersion: "1.0.0", name: `line${number}`, type: "macvlan", ipam };
}

/** While a node's file with these keys beside the place's own settings is there. */
async function withFile<T>(world: World, keys: Configuration, work: () => Promise<T>): Promise<T> {
  const { type: _, ...settings } = world.place.ipam;
  const path = world.place.env.KUBE_IPAM_CONFIG ?? "";
  await Bun.write(path, JSON.stringify({ ...settings, ...keys }));
  try {
    return await work();
  } finally {
    await Bun.file(path).delete();
  }
}

function logOf(world: World): string[] {
  return readFileSync(String(world.place.ipam.logFile), "utf8").split("\n");
}
