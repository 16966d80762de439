import { API_SERVICE } from "../kubernetes-flags.ts";
import { makeNamespace, type Namespace } from "../namespaces.ts";
import { run, tool } from "../run.ts";

/** The test's own address on the network between control plane and nodes. */
export const CONTROL_PLANE = "172.30.0.1";

/** Interface by which a machine is plugged into the wire that pods are put on. */
export const WIRE = "wire0";

const NETWORK = "ki-network";
const SWITCH = "ki-wire";

/**
 * Lays the cables: a network between control plane and nodes, and a wire of its own for the pods. They
 * lie in the test's network namespace and end with it (scripts/own-machine.sh).
 */
export async function layCables(): Promise<void> {
  await tool("ip", "link", "add", NETWORK, "type", "bridge");
  await tool("ip", "addr", "add", `${CONTROL_PLANE}/24`, "dev", NETWORK);
  // In place of kube-proxy: nodes send what is for the API's Service here.
  await tool("ip", "addr", "add", `${API_SERVICE}/32`, "dev", NETWORK);
  await tool("ip", "link", "set", NETWORK, "up");
  await tool("ip", "link", "add", SWITCH, "type", "bridge");
  await tool("ip", "link", "set", SWITCH, "up");
}

/** Plugs a machine into both; `index` tells its ports apart. */
export async function plugIn(pid: number, index: number, address: string): Promise<void> {
  await cable(`ki-n${index}`, NETWORK, "eth0", String(pid));
  await cable(`ki-w${index}`, SWITCH, WIRE, String(pid));
  const within = ["nsenter", `--target=${pid}`, "--net", "ip"];
  await tool(...within, "addr", "add", `${address}/24`, "dev", "eth0");
  await tool(...within, "link", "set", "eth0", "up");
  await tool(...within, "link", "set", WIRE, "up");
  await tool(...within, "route", "add", "default", "via", CONTROL_PLANE);
}

/** A host on the wire which is no node: a router, a firewall. */
export async function hostOnWire(cidr: string): Promise<Namespace> {
  const host = await makeNamespace();
  await cable("ki-host", SWITCH, WIRE, host.name);
  await host.exec("ip", "addr", "add", cidr, "dev", WIRE);
  await host.exec("ip", "link", "set", WIRE, "up");
  return host;
}

async function cable(port: string, into: string, name: string, namespace: string): Promise<void> {
  // Of a machine that was switched off a moment ago the kernel may not have removed it yet.
  await run(["ip", "link", "delete", port]);
  await tool("ip", "link", "add", port, "type", "veth", "peer", "name", name, "netns", namespace);
  await tool("ip", "link", "set", port, "master", into, "up");
}
