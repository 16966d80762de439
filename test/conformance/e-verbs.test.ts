import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { kubeConfigText } from "../../src/kubernetes/testing/kubeconfig.ts";
import { alone, everywhere, ours } from "../kit/case.ts";
import type { Configuration, World } from "../kit/world.ts";

/** docs/behaviour.md section E: DEL, CHECK, GC and STATUS. */

const SUBNET = { subnet: "10.1.2.0/24" };
const DUAL = { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:db8:1::/64" }]] };
const MODERN = { cniVersion: "1.1.0" };

everywhere("E1", "DEL frees what ADD gave, on every set", async (world) => {
  const net = world.network(DUAL);
  await world.add(net);
  expect(await world.heldAddresses()).toEqual(["10.1.2.2", "2001:db8:1::2"]);
  await world.del(net);
  expect(await world.held()).toEqual([]);
});

everywhere("E1", "a freed fixed address can be asked for at once", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net, { args: "IP=10.1.2.88" });
  await world.del(net);
  expect(await world.address(net, { container: "c2", args: "IP=10.1.2.88" })).toBe("10.1.2.88");
});

everywhere("E2", "DEL twice, and DEL of the unknown, succeed", async (world) => {
  const net = world.network(SUBNET);
  await world.del(net, { container: "never" });
  await world.add(net);
  await world.del(net);
  await world.del(net);
});

everywhere("E3", "DEL of one interface leaves the other's address", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net, { ifname: "eth0" });
  await world.add(net, { ifname: "net1" });
  await world.del(net, { ifname: "eth0" });
  expect((await world.held()).map((held) => held.ifname)).toEqual(["net1"]);
});

everywhere("E3", "DEL of one network leaves the other's address", async (world) => {
  const one = world.network(SUBNET, { name: "one" });
  const two = world.network(SUBNET, { name: "two" });
  await world.add(one);
  await world.add(two);
  await world.del(one);
  expect((await world.held()).map((held) => held.network)).toEqual(["two"]);
});

everywhere("E4", "DEL without a namespace frees the address", async (world) => {
  const net = world.network(SUBNET);
  const gone = await world.makeNamespace();
  await world.add(net, { netns: gone.path });
  await gone.remove();
  await world.del(net, { netns: gone.path });
  expect(await world.held()).toEqual([]);
});

everywhere("E4", "DEL with an empty CNI_NETNS frees the address", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net);
  await world.del(net, { netns: "" });
  expect(await world.held()).toEqual([]);
});

everywhere("E5", "DEL frees an address that its range no longer holds", async (world) => {
  await world.add(world.network(SUBNET));
  await world.del(world.network({ ...SUBNET, rangeStart: "10.1.2.100" }));
  expect(await world.held()).toEqual([]);
});

everywhere("E5", "DEL frees after the whole subnet changed", async (world) => {
  await world.add(world.network(SUBNET));
  await world.del(world.network({ subnet: "10.9.0.0/24" }));
  expect(await world.held()).toEqual([]);
});

for (const broken of [{ ranges: [] }, { subnet: "nonsense" }, { subnet: "10.1.2.0/24", routes: "x" }]) {
  ours("E6", `DEL needs no valid range: ${JSON.stringify(broken)}`, async (world) => {
    await world.add(world.network(SUBNET));
    await world.del(world.network(broken));
    expect(await world.held()).toEqual([]);
  });
}

ours("E7", "ONLY-MINE: a late DEL of the old holder leaves the new one's address", async (world) => {
  const net = world.network(SUBNET);
  const old = await world.makeNamespace();
  await world.add(net, { container: "old", netns: old.path, args: "IP=10.1.2.88" });
  await old.remove();
  await world.add(net, { container: "new", args: "IP=10.1.2.88" });
  await world.del(net, { container: "old", netns: "" });
  expect((await world.held()).map((held) => held.container)).toEqual(["new"]);
});

everywhere("E14", "CHECK succeeds while the record equals prevResult", async (world) => {
  const net = world.network(DUAL);
  const prevResult = await world.add(net);
  await world.quietly("CHECK", { ...net, prevResult });
});

ours("E15", "CHECK without prevResult is error 7", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net);
  await world.refused("CHECK", net, {}, { code: 7, text: /prevResult/ });
});

everywhere("E16", "CHECK without a record is refused", async (world) => {
  const net = world.network(SUBNET);
  const prevResult = await world.add(net);
  await world.del(net);
  await world.refused("CHECK", { ...net, prevResult }, {}, { code: 107, text: /c1.*no record/ });
});

ours("E17", "CHECK with another address than the record's is error 107", async (world) => {
  const net = world.network(SUBNET);
  const result = await world.add(net);
  const prevResult = { ...result, ips: [{ address: "10.1.2.99/24", gateway: "10.1.2.1" }] };
  const text = await world.refused("CHECK", { ...net, prevResult }, {}, { code: 107 });
  expect(text).toContain("10.1.2.99");
  expect(text).toContain("10.1.2.2");
});

everywhere("E18", "CHECK ignores what other plugins added to prevResult", async (world) => {
  const net = world.network(SUBNET);
  const result = await world.add(net);
  const prevResult = {
    ...result,
    ips: [...result.ips, { address: "192.0.2.77/24" }],
    interfaces: [{ name: "eth0", sandbox: world.namespace.path }],
    routes: [{ dst: "192.0.2.0/24" }],
  };
  await world.quietly("CHECK", { ...net, prevResult });
});

for (const cniVersion of ["0.4.0", "1.0.0"]) {
  everywhere("E20", `CHECK right after ADD in ${cniVersion}`, async (world) => {
    const net = world.network(SUBNET, { cniVersion });
    const prevResult = await world.add(net);
    await world.quietly("CHECK", { ...net, prevResult });
  });
}

ours("E20", "CHECK right after ADD in 1.1.0", async (world) => {
  const net = world.network(SUBNET, MODERN);
  const prevResult = await world.add(net);
  await world.quietly("CHECK", { ...net, prevResult });
});

/** Two attachments whose namespaces are gone ("dead", "kept") and one that lives ("alive"). */
async function threeAttachments(world: World): Promise<Configuration> {
  const net = world.network(SUBNET, MODERN);
  const dead = await world.makeNamespace();
  const kept = await world.makeNamespace();
  await world.add(net, { container: "alive" });
  await world.add(net, { container: "dead", netns: dead.path });
  await world.add(net, { container: "kept", netns: kept.path });
  await dead.remove();
  await kept.remove();
  return net;
}

const containers = async (world: World) => (await world.held()).map((held) => held.container).sort();

for (const key of ["cni.dev/valid-attachments", "cni.dev/attachments"]) {
  ours("E22", `GC by ${key} frees what is not listed and whose namespace is gone`, async (world) => {
    const net = await threeAttachments(world);
    await world.quietly("GC", { ...net, [key]: [{ containerID: "kept", ifname: "eth0" }] }, NO_ATTACHMENT);
    // EVIDENCE: "alive" is not listed either, but its namespace lives.
    expect(await containers(world)).toContain("alive");
    expect(await containers(world)).not.toContain("dead");
  });
}

alone("E22", "GC frees nothing that is listed, whether its namespace lives or not", async (world) => {
  const net = await threeAttachments(world);
  const valid = [{ containerID: "kept", ifname: "eth0" }];
  await world.quietly("GC", { ...net, "cni.dev/valid-attachments": valid }, NO_ATTACHMENT);
  expect(await containers(world)).toEqual(["alive", "kept"]);
});

for (const list of [null, []]) {
  ours("E24", `GC with ${JSON.stringify(list)} means that nothing is valid`, async (world) => {
    const net = await threeAttachments(world);
    await world.quietly("GC", { ...net, "cni.dev/valid-attachments": list }, NO_ATTACHMENT);
    expect(await containers(world)).toEqual(["alive"]);
  });
}

ours("E24", "GC without the key is error 7 and frees nothing", async (world) => {
  const net = await manyDead(world, 6);
  const before = await containers(world);
  await world.refused("GC", net, NO_ATTACHMENT, { code: 7, text: /cni\.dev\/valid-attachments/ });
  expect(await containers(world)).toEqual(before);
});

for (const list of ["x", {}, [{}], [{ containerID: 7, ifname: "eth0" }], ["c1"]]) {
  ours(
    "E25",
    `GC with the malformed list ${JSON.stringify(list)} is error 7 and frees nothing`,
    async (world) => {
      const net = await manyDead(world, 1);
      await world.refused("GC", { ...net, "cni.dev/valid-attachments": list }, NO_ATTACHMENT, { code: 7 });
      expect((await world.held()).length).toBe(1);
    },
  );
}

ours("E26", "GC leaves other nodes alone", async (world) => {
  const namespace = await world.makeNamespace();
  const other = { nodeName: "node2", runDir: world.place.folder.file("run-of-node2") };
  await world.add(world.network({ ...SUBNET, ...other }, MODERN), { netns: namespace.path });
  await namespace.remove();
  const gc = { ...world.network(SUBNET, MODERN), "cni.dev/valid-attachments": [] };
  await world.quietly("GC", gc, NO_ATTACHMENT);
  expect((await world.held()).length).toBe(1);
});

alone("E26", "GC leaves other networks alone", async (world) => {
  const net = await manyDead(world, 6);
  const gc = { ...net, name: "net2", "cni.dev/valid-attachments": [] };
  await world.quietly("GC", gc, NO_ATTACHMENT);
  expect((await world.held()).length).toBe(6);
});

alone(
  "reclaim",
  "a run that meets a dead attachment among many that live frees its like too",
  async (world) => {
    const net = world.network(SUBNET);
    for (let n = 10; n < 30; n += 1) await world.add(net, { container: `alive${n}` });
    await manyDead(world, 4);
    for (let run = 1; run <= 4; run += 1) await world.add(net, { container: `next${run}` });
    expect((await containers(world)).filter((name) => /^(alive|next)/.test(name))).toHaveLength(24);
    expect(await world.held()).toHaveLength(24);
  },
);

alone("reclaim", "each ADD and DEL frees up to four attachments whose namespace is gone", async (world) => {
  const net = await manyDead(world, 6);
  await world.add(net, { container: "next" });
  expect((await world.held()).length).toBe(3);
  await world.del(net, { container: "next" });
  expect(await world.held()).toEqual([]);
});

ours("E29", "STATUS succeeds without an attachment", async (world) => {
  await world.quietly("STATUS", world.network(SUBNET, MODERN), NO_ATTACHMENT);
});

ours("E30", "STATUS fails when the store cannot be used", async (world) => {
  if ("etcdConfig" in world.place.ipam) {
    const nobody = { etcdURL: "http://127.0.0.1:1" };
    const net = world.network({ ...SUBNET, etcdConfig: nobody }, MODERN);
    await world.refused("STATUS", net, NO_ATTACHMENT, { code: 50, text: /127\.0\.0\.1:1/ });
    return;
  }
  if (world.place.ipam.store === "kubernetes") {
    const kubeConfig = world.place.folder.file("kubeconfig");
    writeFileSync(kubeConfig, kubeConfigText({ server: "https://127.0.0.1:1" }, { token: "t" }));
    const net = world.network({ ...SUBNET, kubeConfig }, MODERN);
    await world.refused("STATUS", net, NO_ATTACHMENT, { code: 50, text: /127\.0\.0\.1:1/ });
    return;
  }
  await Bun.write(world.place.folder.file("a-file"), "");
  const net = world.network({ ...SUBNET, dataDir: world.place.folder.file("a-file", "data") }, MODERN);
  await world.refused("STATUS", net, NO_ATTACHMENT, { code: 50, text: /a-file/ });
});

ours("E31", "STATUS succeeds when every address is taken", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/30" }, MODERN);
  await world.add(net);
  await world.quietly("STATUS", net, NO_ATTACHMENT);
});

ours("E33", "STATUS with a bad configuration is error 7", async (world) => {
  await world.refused("STATUS", world.network({ subnet: "nonsense" }, MODERN), NO_ATTACHMENT, { code: 7 });
});

ours("EVIDENCE", "ADD into a namespace that does not exist is refused and leaves nothing", async (world) => {
  const net = world.network(SUBNET);
  await world.refused(
    "ADD",
    net,
    { netns: "/run/netns/no-such-namespace" },
    { code: 4, text: /no-such-namespace/ },
  );
  expect(await world.held()).toEqual([]);
});

everywhere("cooling", "a freed dynamic address is given again when nothing else is free", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/30" });
  await world.add(net, { container: "a" });
  await world.del(net, { container: "a" });
  expect(await world.address(net, { container: "b" })).toBe("10.1.2.2");
});

const NO_ATTACHMENT = { container: "", netns: "", ifname: "" };

/** `count` attachments made in namespaces that are gone by now; nothing has run since. */
async function manyDead(world: World, count: number): Promise<Configuration> {
  const net = world.network(SUBNET, MODERN);
  const namespaces = await Promise.all(Array.from({ length: count }, () => world.makeNamespace()));
  for (const [n, namespace] of namespaces.entries()) {
    await world.add(net, { container: `dead${n}`, netns: namespace.path });
  }
  for (const namespace of namespaces) await namespace.remove();
  return net;
}

alone(
  "E34",
  "the node's file is in force over an older configuration, and keeps nothing from being freed",
  async (world) => {
    const version = { cniVersion: "1.1.0" };
    const { type: _, ...settings } = world.place.ipam;
    const old = {
      etcdConfig: { etcdURL: "http://192.0.2.1:2379" },
      dataDir: world.place.folder.file("old-data"),
      runDir: world.place.folder.file("old-run"),
      nodeName: "old-name",
      kubeConfig: "/old/kubeconfig",
    };
    await Bun.write(world.place.env.KUBE_IPAM_CONFIG ?? "", JSON.stringify(settings));
    const net = {
      ...version,
      name: "net1",
      type: "macvlan",
      ipam: { type: "kube-ipam", subnet: "10.1.2.0/24" },
    };
    for (const [key, value] of Object.entries(old)) {
      const outdated = { ...net, ipam: { ...net.ipam, [key]: value } };
      const result = await world.add(net);
      await world.refused("ADD", outdated, {}, { code: 7, text: /is locked by/ });
      await world.refused("STATUS", outdated, {}, { code: 7, text: /is locked by/ });
      await world.quietly("CHECK", { ...outdated, prevResult: result });
      await world.quietly("GC", { ...outdated, "cni.dev/valid-attachments": [] }, NO_ATTACHMENT);
      expect(await world.held()).toHaveLength(1);
      await world.del(outdated);
      expect(await world.held()).toEqual([]);
    }
  },
);
