import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { AgentNode } from "../kit/agent-node.ts";
import { type ApiProxy, type Passing, startApiProxy } from "../kit/api-proxy.ts";
import { clusterStoreOfFile, type NodeWish } from "../kit/cluster-store.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { askedFor, roundTripsOf } from "../kit/round-trips.ts";
import { eventually } from "../kit/wait.ts";

/** What a verb waits for: how many round trips to the API server, and whether a listing, which its cache holds up. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`round trips to the API server: ${missing}`, () => {});

const LIMIT = 120_000;
/** Given out to nobody who does not name it. */
const FIXED = "IP=10.50.0.14";
const RANGE = { rangeStart: "10.50.0.2", rangeEnd: "10.50.0.13" };

describe.skipIf(missing !== undefined)("round trips to the API server", () => {
  const store = clusterStoreOfFile();

  /** The requests of each round trip, sorted. */
  const asked = async (proxy: ApiProxy, run: () => Promise<unknown>) =>
    (await roundTripsOf(proxy, run)).map((trip) => trip.map(askedFor).sort());

  /**
   * A node of a store that another one has begun, that knows what its cluster is called, and whose agent has listed what
   * the node holds.
   */
  const withNode = async (wish: NodeWish, use: (node: AgentNode, proxy: ApiProxy) => Promise<void>) => {
    using proxy = startApiProxy(store().kubernetes);
    await using first = store().node("first", wish.ipam && { ipam: wish.ipam });
    await first.add("c0");
    await using node = store().node("n1", { kubeConfig: proxy.kubeConfig, ...wish });
    if (wish.through === "agent") {
      await node.startAgent();
      await eventually(async () => proxy.requests.some(isOfNode) || undefined);
    } else await node.add("c0");
    await eventually(async () => existsSync(node.file("data", "cluster")) || undefined);
    await use(node, proxy);
  };

  const DELETED: readonly (readonly [string, NodeWish])[] = [
    ["the plugin alone", {}],
    ["the plugin alone, whose addresses cool down", { ipam: { coolingSeconds: 60 } }],
    ["an agent", { through: "agent" }],
    ["an agent, whose addresses cool down", { through: "agent", ipam: { coolingSeconds: 60 } }],
  ];
  test.each(DELETED)(
    "K360: a DEL is two round trips, and waits for no listing: %s",
    (_, wish) =>
      withNode(wish, async (node, proxy) => {
        const { address } = (await node.add("c1")).ips[0] ?? { address: "" };
        const held = objectOf(address);
        const trips = await asked(proxy, async () => expect((await node.end("c1")).exitCode).toBe(0));
        const [look, write] = trips;
        expect(look).toContain(`GET ${held}`);
        expect(look).toContain("GET storerecords/meta");
        expect(write).toContain(`${wish.ipam === undefined ? "DELETE" : "PUT"} ${held}`);
        requireTrips(2, trips);
      }),
    LIMIT,
  );

  test(
    "K360: nor does that of an agent that did not make the ADD",
    () =>
      withNode({ through: "agent" }, async (node, proxy) => {
        const { address } = (await node.add("c1")).ips[0] ?? { address: "" };
        await node.killAgent();
        await node.startAgent();
        const trips = await asked(proxy, async () => expect((await node.end("c1")).exitCode).toBe(0));
        expect(trips[0]).toContain(`GET ${objectOf(address)}`);
        expect(trips[1]).toContain(`DELETE ${objectOf(address)}`);
        requireTrips(2, trips);
      }),
    LIMIT,
  );

  test(
    "K361: a cold ADD of the plugin alone is three round trips, of any address and of a fixed one",
    () =>
      withNode({ ipam: RANGE }, async (node, proxy) => {
        const any = await asked(proxy, () => node.add("c1"));
        const fixed = await asked(proxy, () => node.add("c2", FIXED));
        requireTrips(3, any);
        requireTrips(3, fixed);
      }),
    LIMIT,
  );

  test(
    "K361: so is an agent's first, and a warm one two",
    () =>
      withNode({ through: "agent" }, async (node, proxy) => {
        requireTrips(3, await asked(proxy, () => node.add("c1")));
        const again = await asked(proxy, () => node.add("c2"));
        requireTrips(2, again);
        expect(again.flat()).not.toContain("LIST addressrecords");
      }),
    LIMIT,
  );
});

function requireTrips(count: number, trips: readonly (readonly string[])[]): void {
  if (trips.length === count) return;
  const lines = trips.map((trip) => `\n  ${trip.join(", ")}`);
  throw new Error(`expected ${count} round trips, got ${trips.length}:${lines.join("")}`);
}

/** Lists the attachments of a node. */
function isOfNode({ path }: Passing): boolean {
  return path.includes("labelSelector=node.");
}

/** The object that holds an address of these networks. */
function objectOf(address: string): string {
  const numbers = (address.split("/")[0] ?? "").split(".");
  return `addressrecords/default.${numbers.map((each) => each.padStart(3, "0")).join(".")}`;
}
