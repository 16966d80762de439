import { type Namespace, uniqueName } from "./namespaces.ts";
import { tool } from "./run.ts";
import type { World } from "./world.ts";

/** A network namespace that plays a machine: its uplink `wire0` leads to the other host's. */
export type Host = Namespace;

/** Interface by which a host of `twoHosts` reaches the other one. */
export const UPLINK = "wire0";

/** Two machines on one layer-2 wire: a veth pair between two namespaces of their own. */
export async function twoHosts(world: World): Promise<readonly [Host, Host]> {
  const left = await world.makeNamespace();
  const right = await world.makeNamespace();
  const [a, b] = [uniqueName("a"), uniqueName("b")];
  await tool("ip", "link", "add", a, "type", "veth", "peer", "name", b);
  await plug(a, left);
  await plug(b, right);
  return [left, right];
}

async function plug(link: string, host: Host): Promise<void> {
  await tool("ip", "link", "set", link, "netns", host.name, "name", UPLINK);
  await tool("ip", "-n", host.name, "link", "set", UPLINK, "up");
}

/** Sends three echo requests at most; throws when none is answered within two seconds each. */
export async function ping(from: Namespace, address: string): Promise<void> {
  await from.exec("ping", "-c", "1", "-w", "6", "-i", "0.2", address);
}
