import { expect } from "bun:test";
import { chmodSync, existsSync } from "node:fs";
import { ours } from "../kit/case.ts";
import { refused } from "../kit/cni.ts";
import { eventually } from "../kit/wait.ts";
import type { Configuration, World } from "../kit/world.ts";

/**
 * The node's file (docs/design.md section 7): who may write a network's configuration must not become root
 * on the node or thief of an address.
 */

const SUBNET = { subnet: "10.1.2.0/24" };

async function writeNodeFile(world: World, content: Configuration): Promise<void> {
  const path = world.place.env.KUBE_IPAM_CONFIG ?? "";
  await Bun.write(path, JSON.stringify({ ...world.place.ipam, ...content }));
  chmodSync(path, 0o644);
}

/** A network's configuration that names nothing but what is the network's own. */
function plain(ipam: Configuration, top: Configuration = {}): Configuration {
  return { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam: { type: "kube-ipam", ...ipam }, ...top };
}

ours("node file", "gives what the network leaves out", async (world) => {
  await writeNodeFile(world, {});
  expect(await world.address(plain(SUBNET))).toBe("10.1.2.2");
  expect(await world.heldAddresses()).toEqual(["10.1.2.2"]);
});

const HOSTILE: readonly Configuration[] = [
  { dataDir: "/tmp/kube-ipam-hostile" },
  { runDir: "/tmp/kube-ipam-hostile" },
  { logFile: "/tmp/kube-ipam-hostile" },
  { kubeConfig: "/tmp/kube-ipam-hostile" },
  { etcdConfig: { etcdURL: "https://192.0.2.1:2379" } },
  { addressSpace: "mine" },
];

for (const hostile of HOSTILE) {
  const [key = ""] = Object.keys(hostile);
  ours("node file", `locks ${key}: another value in a network is error 7`, async (world) => {
    await writeNodeFile(world, {});
    await world.refused("ADD", plain({ ...SUBNET, ...hostile }), {}, { code: 7, text: new RegExp(key) });
    expect(existsSync("/tmp/kube-ipam-hostile")).toBe(false);
    expect(await world.held()).toEqual([]);
  });
}

ours("node file", "the same value as the node's is no offence", async (world) => {
  await writeNodeFile(world, {});
  await world.add(world.network(SUBNET));
});

ours("node file", "a pool is used by its name and keeps its policy", async (world) => {
  await writeNodeFile(world, {
    nodeLocal: true,
    annotations: "off",
    pools: { "db-120": { subnets: ["10.120.0.0/24"], namespaces: ["db"] } },
  });
  const pod = (namespace: string) =>
    `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=p;K8S_POD_UID=u-${namespace}`;
  const net = plain({ pool: "db-120" });
  expect(await world.address(net, { args: pod("db") })).toBe("10.120.0.2");
  await world.refused("ADD", net, { container: "c2", args: pod("web") }, { code: 102, text: /db-120/ });
});

const SEMI = { subnets: ["10.76.0.0/24"], fixedNamespaces: ["team-b"] };
const NARROW = { exclude: ["10.76.0.2-10.76.0.8", "10.76.0.10-10.76.0.254"] };

for (const narrow of [NARROW, { coolingSeconds: 0 }]) {
  const [key = ""] = Object.keys(narrow);
  ours(
    "C100",
    `${key} beside a pool with a policy would be the tenant's choice of an address`,
    async (world) => {
      await writeNodeFile(world, { nodeLocal: true, annotations: "off", pools: { semi: SEMI } });
      const net = plain({ pool: "semi", ...narrow });
      await world.refused("ADD", net, {}, { code: 7, text: new RegExp(`${key}.*'semi'`) });
      await world.del(net);
      expect(await world.address(plain({ pool: "semi" }))).toBe("10.76.0.2");
    },
  );
}

ours(
  "C104",
  "where the file says poolsOnly, a network's own subnet is error 7 that names the pools",
  async (world) => {
    await world.add(plain({ subnet: "10.1.2.0/24", ...world.place.ipam }), { container: "before" });
    await writeNodeFile(world, {
      nodeLocal: true,
      poolsOnly: true,
      pools: { semi: SEMI, other: { subnets: ["10.77.0.0/24"] } },
    });
    const net = plain(SUBNET);
    await world.refused("ADD", net, {}, { code: 7, text: /ipam\.subnet.*poolsOnly.*"semi" or "other"/s });
    await world.del(net, { container: "before" });
    expect(await world.heldAddresses()).toEqual([]);
    await world.refused(
      "ADD",
      plain({ ...SUBNET, poolsOnly: false }),
      {},
      { code: 7, text: /belongs into the node's file/ },
    );
  },
);

ours("C120", "CHECK and DEL go on where pools changed after the ADD", async (world) => {
  await writeNodeFile(world, { pools: { one: { subnets: ["10.76.0.0/24"] } } });
  const [own, pooled] = [plain(SUBNET), plain({ pool: "one" }, { name: "net2" })];
  const given = [await world.add(own), await world.add(pooled, { container: "c2" })];
  await writeNodeFile(world, { pools: { two: { subnets: [SUBNET.subnet] } } });
  for (const [index, net] of [own, pooled].entries()) {
    const call = { container: `c${index + 1}` };
    await world.refused("ADD", net, { container: "new" }, { code: 7, text: /pool/ });
    await world.quietly(
      "CHECK",
      { ...net, prevResult: { cniVersion: "1.0.0", ips: given[index]?.ips } },
      call,
    );
    await world.del(net, call);
  }
  expect(await world.held()).toEqual([]);
});

ours(
  "E40",
  "host-local's dataDir beside the node's file: ADD says to remove it, DEL goes on",
  async (world) => {
    await writeNodeFile(world, {});
    const net = plain({ ...SUBNET, dataDir: "/run/host-local-state" });
    await world.refused("ADD", net, {}, { code: 7, text: /remove dataDir: it is host-local's/ });
    await world.del(net);
  },
);

ours("node file", "an unknown pool is error 7 and names those there are", async (world) => {
  await writeNodeFile(world, { pools: { "db-120": { subnets: ["10.120.0.0/24"] } } });
  // An agent that has only just started does not know yet which pools the cluster has.
  const finished = await eventually(async () => {
    const answer = await world.run("ADD", plain({ pool: "nope" }));
    return refused(answer).code === 11 ? undefined : answer;
  });
  world.refusal(finished, { code: 7, text: /nope.*db-120|db-120.*nope/ });
});

ours("node file", "broken JSON in it is an error that names the file", async (world) => {
  await Bun.write(world.place.env.KUBE_IPAM_CONFIG ?? "", "{");
  await world.refused("ADD", plain(SUBNET), {}, { code: 6, text: /node\.json.*line 1/ });
});
