import { formatAddress, parseAddress } from "../../address/address.ts";
import { parseCidr } from "../../address/cidr.ts";
import type { Range } from "../../address/range.ts";
import { createMemoryStore, type MemoryOptions } from "../../store/memory/memory-store.ts";
import { allocate } from "../allocate/allocate.ts";
import { delivered } from "../allocate/delivered.ts";
import type { Cluster } from "../cluster-port.ts";
import { WarmForesight } from "../foresee/warm-foresight.ts";
import type { Foresight } from "../foresight.ts";
import { release } from "../free/release.ts";
import type { Network } from "../network.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentId, PodId } from "../records.ts";
import type { AddRequest, Allocated } from "../requests.ts";
import { Turns } from "../turns.ts";
import { NO_WISH, type Wish } from "../wish.ts";
import { calledBy } from "./called-by.ts";
import { FakeNode } from "./fake-node.ts";
import { guessingForesight } from "./guessing-foresight.ts";
import { seededRandom } from "./seeded-random.ts";

interface WorldOptions extends MemoryOptions {
  /** Each node remembers between ADDs, as the agent does; "guessing", as the plugin alone. */
  readonly foresight?: boolean | "guessing";
  /** Makes the foresight of each node, other than that of its kind. */
  readonly foresees?: () => Foresight;
  /** Of the random choices that ADDs make. */
  readonly seed?: number;
}

/** Everything one needs to ADD and DEL without I/O: machines in memory on one store in memory. */
export function createWorld({ foresight: kind = false, foresees, seed = 1, ...options }: WorldOptions = {}) {
  const store = createMemoryStore(options);
  const random = seededRandom(seed);
  const foresight = foresees ?? (kind === "guessing" ? guessingForesight : () => new WarmForesight(random));
  const warm = new Map<FakeNode, Pick<Ports, "foresight" | "turns">>();
  const warmth = (node: FakeNode) => {
    const known = warm.get(node) ?? { foresight: foresight(), turns: new Turns() };
    warm.set(node, known);
    return known;
  };
  const log: string[] = [];
  const ports = (node: FakeNode, cluster?: Cluster, clusterUid?: string): Ports => ({
    store,
    node,
    ...(cluster && { cluster }),
    ...(clusterUid !== undefined && { clusterNames: calledBy(clusterUid) }),
    ...(kind !== false && warmth(node)),
    log: (level, message) => void log.push(`${level} ${message}`),
    random,
  });
  return { store, log, node: (name: string, boots?: string) => new FakeNode(name, boots), ports };
}

export interface RangeText {
  readonly subnet: string;
  readonly first: string;
  readonly last: string;
  readonly gateway?: string;
}

/** A network of one range set per argument. */
export function network(name: string, ...sets: RangeText[][]): Network {
  return {
    name,
    space: "default",
    sets: sets.map((ranges) => ({ ranges: ranges.map(range) })),
    exclude: [],
    coolingSeconds: 60,
    requireInit: false,
  };
}

export function range({ subnet, first, last, gateway }: RangeText): Range {
  return {
    subnet: parseCidr(subnet),
    dynamic: { first: parseAddress(first), last: parseAddress(last) },
    ...(gateway !== undefined && { gateway: parseAddress(gateway) }),
  };
}

/** 10.1.2.2 to 10.1.2.`last`, gateway .1. */
export function smallNetwork(last = 254): Network {
  return network("net1", [
    { subnet: "10.1.2.0/24", first: "10.1.2.1", last: `10.1.2.${last}`, gateway: "10.1.2.1" },
  ]);
}

export function attachment(container: string, ifname = "eth0", networkName = "net1"): AttachmentId {
  return { network: networkName, container, ifname };
}

export interface Asked {
  readonly network?: Network;
  readonly wish?: Partial<Wish>;
  readonly pod?: PodId;
  readonly ifname?: string;
  readonly seconds?: number;
}

/** An ADD request; makes the container's namespace if it is not there. */
export function addRequest(ports: Ports, container: string, asked: Asked = {}): AddRequest {
  const namespacePath = `/run/netns/${container}`;
  const node = ports.node as FakeNode;
  if (node.identifyNamespace(namespacePath) === undefined) node.createNamespace(namespacePath);
  const of = asked.network ?? smallNetwork();
  return {
    attachment: attachment(container, asked.ifname, of.name),
    namespacePath,
    ...(asked.pod && { pod: asked.pod }),
    network: of,
    wish: { ...NO_WISH, ...asked.wish },
    deadline: performance.now() + (asked.seconds ?? 40) * 1000,
  };
}

/** An ADD whose runtime gets the result. */
export async function addAndDeliver(request: AddRequest, ports: Ports): Promise<Allocated> {
  const allocated = await allocate(request, ports);
  delivered(allocated, ports);
  return allocated;
}

export function add(ports: Ports, container: string, asked: Asked = {}): Promise<Allocated> {
  return addAndDeliver(addRequest(ports, container, asked), ports);
}

/** DEL, and the end of the container's namespace. */
export async function del(ports: Ports, container: string, ifname = "eth0"): Promise<void> {
  const deadline = performance.now() + 10_000;
  await release({ attachment: attachment(container, ifname), coolingSeconds: 60, deadline }, ports);
  (ports.node as FakeNode).removeNamespace(`/run/netns/${container}`);
}

export function texts(allocated: Allocated): string[] {
  return allocated.addresses.map(({ address, prefix }) => `${formatAddress(address)}/${prefix}`);
}

/** A wish for addresses by name, as `IP=` makes it. */
export function named(...addresses: string[]): Partial<Wish> {
  return { fixed: addresses.map((text) => ({ address: parseAddress(text), source: "CNI_ARGS IP" })) };
}

/** Every allocation in the store: address -> containers that hold it. */
export async function allocations(ports: Ports): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for await (const { ref, record } of ports.store.list(
    { kind: "allocation" },
    { deadline: performance.now() + 5000 },
  )) {
    found.set(
      formatAddress(ref.address),
      record.holders.map(({ attachment: { container } }) => container),
    );
  }
  return found;
}
