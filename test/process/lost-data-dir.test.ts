import { expect } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { embedded } from "../kit/case.ts";
import { operatorOf } from "../kit/cli.ts";
import type { Configuration, World } from "../kit/world.ts";

/** The embedded store is lost, or an older copy of it put back, while containers of the node live. */

const SUBNET = { subnet: "10.50.0.0/28", coolingSeconds: 0 };

type Call = { readonly container: string; readonly netns: string };

/** Calls for containers of their own, whose namespaces live. */
async function calls(world: World, count: number): Promise<Call[]> {
  const namespaces = await Promise.all(Array.from({ length: count }, () => world.makeNamespace()));
  return namespaces.map(({ path }, n) => ({ container: `c${n}`, netns: path }));
}

async function addresses(world: World, net: Configuration, some: readonly Call[]): Promise<string[]> {
  const given: string[] = [];
  for (const call of some) given.push(await world.address(net, call));
  return given;
}

const LOSSES: Readonly<Record<string, (data: string, copy: string) => void>> = {
  "removed dataDir": (data) => rmSync(data, { recursive: true }),
  "older copy of the file": (data, copy) => {
    for (const file of ["kube-ipam.db", "kube-ipam.db-wal", "kube-ipam.db-shm"]) {
      rmSync(`${data}/${file}`, { force: true });
      cpSync(`${copy}/${file}`, `${data}/${file}`, { recursive: true, force: true });
    }
  },
  "older copy of dataDir": (data, copy) => {
    rmSync(data, { recursive: true });
    cpSync(copy, data, { recursive: true });
  },
};

for (const [name, lose] of Object.entries(LOSSES)) {
  embedded("K69", `a ${name} is noticed by what lives, and recover brings it back`, async (world) => {
    const net = world.network(SUBNET);
    const operate = operatorOf(world, net);
    const data = world.place.folder.file("data");
    const [first, second, third, ...more] = await calls(world, 5);
    if (!first || !second || !third) throw new Error("expected calls");
    const before = await addresses(world, net, [first]);
    cpSync(data, `${data}.copy`, { recursive: true });
    before.push(...(await addresses(world, net, [second, third])));
    lose(data, `${data}.copy`);
    const next = more[0];
    const text = await world.refused("ADD", net, { ...next }, { code: 106, text: /kube-ipam recover/ });
    if (name !== "older copy of the file")
      expect(text).toContain(`${before[2]} of interface eth0 of container c2`);
    await world.refused("STATUS", { ...net, cniVersion: "1.1.0" }, {}, { code: 106 });
    const check = await operate("check", "--settle", "0");
    expect(`${check.exitCode} ${check.stdout}`).toMatch(new RegExp(`^1 .*unknown +${before[2]} `, "s"));
    // The runtime can end a container meanwhile.
    await world.run("DEL", net, third);
    await world.del(net, third);
    const recovered = await operate("recover");
    expect(`${recovered.exitCode} ${recovered.stdout}`).toMatch(/^0 /);
    const after = await addresses(world, net, more);
    expect(new Set([...before.slice(0, 2), ...after]).size).toBe(4);
    expect((await world.heldAddresses()).sort()).toEqual([...before.slice(0, 2), ...after].sort());
  });
}

embedded("K69", "after all containers have gone, a new store begins by itself", async (world) => {
  const net = world.network(SUBNET);
  const data = world.place.folder.file("data");
  const [first, second, next] = await calls(world, 3);
  if (!first || !second || !next) throw new Error("expected calls");
  const gone = await world.makeNamespace();
  await addresses(world, net, [first, second, { container: "gone", netns: gone.path }]);
  rmSync(data, { recursive: true });
  await gone.remove();
  for (const call of [first, second]) {
    await world.refused("ADD", net, next, { code: 106, text: /c[01] in network/ });
    await world.del(net, call);
  }
  const address = await world.address(net, next);
  expect(await world.heldAddresses()).toEqual([address]);
});

embedded("K69", "store accept takes the new store, whatever lives", async (world) => {
  const net = world.network(SUBNET);
  const [first, next] = await calls(world, 2);
  if (!first || !next) throw new Error("expected calls");
  await addresses(world, net, [first]);
  rmSync(world.place.folder.file("data"), { recursive: true });
  await world.refused("ADD", net, next, { code: 106 });
  expect((await operatorOf(world, net)("store", "accept")).exitCode).toBe(0);
  await world.address(net, next);
});

embedded(
  "K69",
  "networks with folders of their own and one runDir notice and recover apart",
  async (world) => {
    const nets = ["one", "two"].map((name) =>
      world.network({ ...SUBNET, dataDir: world.place.folder.file(name) }, { name }),
    );
    const [one, two] = nets;
    if (!one || !two) throw new Error("expected networks");
    const [first, second, third] = await calls(world, 3);
    if (!first || !second || !third) throw new Error("expected calls");
    const inSecond = (call: Call) => ({ ...call, ifname: "net1" });
    for (const call of [first, second]) {
      await world.address(one, call);
      await world.address(two, inSecond(call));
    }
    rmSync(world.place.folder.file("one"), { recursive: true });
    await world.refused("ADD", one, third, { code: 106 });
    await world.address(two, inSecond(third));
    const { exitCode, stdout } = await operatorOf(world, one)("recover", "-o", "json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).answered).toMatchObject([{ attachments: 2, written: 2 }]);
    await world.address(one, third);
    for (const [net, network] of [
      [one, "one"],
      [two, "two"],
    ] as const) {
      const listed = await operatorOf(world, net)("ip", "list", "-o", "json");
      const networks = [...listed.stdout.matchAll(/"network": *"([a-z]+)"/g)].map(([, found]) => found);
      expect(networks).toEqual([network, network, network]);
    }
  },
);
