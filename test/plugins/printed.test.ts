import { expect } from "bun:test";
import { ours } from "../kit/case.ts";
import { commandLine } from "../kit/cli.ts";
import { addressesOf } from "../kit/cni.ts";
import { ping, twoHosts, UPLINK } from "../kit/hosts.ts";
import { withoutLinkType } from "../kit/machine.ts";
import { attach, detach } from "../kit/pod.ts";
import type { Configuration, World } from "../kit/world.ts";

/** What `-outputconf` prints, through its real main plugin: only names and files are edited, as its reader does. */

interface Printed {
  readonly name: string;
  /** The link that the kernel must have. */
  readonly link?: string;
  /** The pod's default route leads through this network. */
  readonly isDefault: boolean;
}

/** Calico's plugin needs its own cluster, and is not here. */
const PRINTED: readonly Printed[] = [
  { name: "macvlan", link: "macvlan", isDefault: true },
  { name: "ipvlan", link: "ipvlan", isDefault: true },
  { name: "vlan", link: "vlan", isDefault: true },
  { name: "host-device", isDefault: true },
  { name: "multus", link: "macvlan", isDefault: false },
  { name: "bridge", isDefault: true },
  { name: "ptp", isDefault: true },
  { name: "kube-router", isDefault: true },
];

for (const { isDefault, link, name } of PRINTED) {
  const missing = link === undefined ? undefined : withoutLinkType(link);
  ours(
    "C108",
    `what is printed for ${name} wires a pod`,
    async (world) => {
      const [host, neighbour] = await twoHosts(world);
      const pod = await world.makeNamespace();
      const net = edited(name, await printed(world, name), world);
      const sandbox = { container: "a", netns: pod.path, host: host.path };
      const result = await attach(world, net, sandbox);
      expect(addressesOf(result)).toEqual([name === "kube-router" ? "10.244.1.2" : "10.188.0.10"]);
      const routes = await pod.exec("ip", "route", "show", "default");
      expect(routes.trim().split("\n").filter(Boolean)).toHaveLength(isDefault ? 1 : 0);
      if (name === "kube-router") await ping(pod, "10.244.1.1");
      if (name === "macvlan") {
        await neighbour.exec("ip", "addr", "add", "10.188.0.1/16", "dev", UPLINK);
        await ping(pod, "10.188.0.1");
      }
      await detach(world, net, sandbox, result);
      expect(await world.held()).toEqual([]);
    },
    { missing },
  );
}

async function printed(world: World, name: string): Promise<Configuration> {
  const { exitCode, stderr, stdout } = await commandLine(world, ["-outputconf", name]);
  expect([exitCode, stderr]).toEqual([0, ""]);
  const configuration = JSON.parse(stdout) as Configuration & { spec?: { config: string } };
  return configuration.spec === undefined ? configuration : JSON.parse(configuration.spec.config);
}

/** The machine's interface, and the store of this world in etcd's place. */
function edited(name: string, configuration: Configuration, world: World): Configuration {
  const { etcdConfig: _etcd, kubeConfig: _kube, ...ipam } = configuration.ipam as Configuration;
  const wire = Object.fromEntries(
    ["master", "device"].filter((key) => key in configuration).map((key) => [key, UPLINK]),
  );
  return {
    ...configuration,
    ...wire,
    ipam: {
      ...(name === "kube-router" ? editedByKubeRouter(ipam, "10.244.1.0/24") : ipam),
      ...world.place.ipam,
    },
  };
}

/** kube-router v2: moves `subnet` into `ranges`, and adds the node's podCIDR unless it is there. */
function editedByKubeRouter({ subnet, ...ipam }: Configuration, podCidr: string): Configuration {
  const ranges = [
    ...((ipam.ranges as unknown[] | undefined) ?? []),
    ...(subnet === undefined ? [] : [[{ subnet }]]),
  ];
  return { ...ipam, ranges: [...ranges, ...(subnet === podCidr ? [] : [[{ subnet: podCidr }]])] };
}
