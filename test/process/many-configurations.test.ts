import { expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { CAPS } from "../../src/address/caps.ts";
import { startEtcd } from "../kit/etcd.ts";
import { type AgentPlace, throughAgent } from "../kit/subject-agent.ts";
import { deployPlugin, kubeIpam } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";
import { World } from "../kit/world.ts";

/**
 * Without a node's file each network may name a store and folders of its own. What an agent holds on to of them is
 * bounded (CAPPED), and what it has let go of works as before.
 */

const MORE = 48;
const ALL = CAPS.warm + MORE;
const AT_ONCE = 8;
/** Of an agent that does the same, from one moment to the next. */
const SLACK = 8;

type Ipam = Readonly<Record<string, unknown>>;

/**
 * Uses as many stores as the bound, then more, and then those again that were used first. @param count how many stores
 * the agent of this process ID has open.
 */
async function useMany(
  place: AgentPlace,
  world: World,
  own: (at: number) => Ipam,
  count: (pid: number) => number,
) {
  const { pid } = place.agent();
  const net = (at: number) =>
    world.network({
      subnet: "10.1.0.0/24",
      dataDir: place.folder.file(`data-${at}`),
      coolingSeconds: 0,
      ...own(at),
    });
  const each = async (from: number, to: number, use: (at: number) => Promise<unknown>) => {
    let next = from;
    const lane = async () => {
      while (next < to) await use(next++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  };
  const add = (at: number, container: string) => world.address(net(at), { container: `${container}x${at}` });
  const first = new Map<number, string>();
  await each(0, CAPS.warm, async (at) => first.set(at, await add(at, "c1")));
  const before = readdirSync(`/proc/${pid}/fd`).length;
  expect(count(pid)).toBeGreaterThan(CAPS.warm - SLACK);
  const most = () => {
    expect(count(pid)).toBeLessThanOrEqual(CAPS.warm + AT_ONCE);
  };
  await each(CAPS.warm, ALL, async (at) => {
    first.set(at, await add(at, "c1"));
    most();
  });
  // What was let go is opened again: it knows what it gave, gives the next, and takes both back.
  await each(0, MORE, async (at) => {
    expect(await add(at, "c1")).toBe(first.get(at) ?? "");
    expect(await add(at, "c2")).not.toBe(first.get(at) ?? "");
    for (const container of ["c1", "c2"]) await world.del(net(at), { container: `${container}x${at}` });
    most();
  });
  await eventually(async () => count(pid) <= CAPS.warm || undefined);
  expect(readdirSync(`/proc/${pid}/fd`).length).toBeLessThanOrEqual(before + SLACK);
  expect(place.agent().pid).toBe(pid);
}

test("K236: an agent keeps no more stores in files open than its bound, whatever networks name", async () => {
  const place = await throughAgent(kubeIpam());
  await using world = await World.open({ ...kubeIpam(), open: async () => place });
  const databases = (pid: number) => linksOf(pid).filter((link) => link.endsWith(".db")).length;
  await useMany(place, world, () => ({}), databases);
}, 180_000);

test("K236: an agent keeps no more connections to etcd than its bound, whatever networks name", async () => {
  await using etcd = await startEtcd({ version: "3.4" });
  await etcd.ready();
  const plain = { ...kubeIpam(), open: async () => ({ ...deployPlugin(), allocations: async () => [] }) };
  const place = await throughAgent(plain);
  await using world = await World.open({ ...plain, open: async () => place });
  const etcdURL = etcd.endpoints.join(",");
  const port = etcd.members[0]?.port ?? 0;
  const own = (at: number) => ({ etcdConfig: { etcdURL, prefix: `/many/${at}` } });
  await useMany(place, world, own, (pid) => connectionsTo(port, pid));
}, 180_000);

function linksOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // It was closed meanwhile.
      return [];
    }
  });
}

/** Open connections of a process to a port of loopback. */
function connectionsTo(port: number, pid: number): number {
  const sockets = new Set(linksOf(pid));
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync(`/proc/${pid}/net/tcp`, "utf8")
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  return rows.filter(([, , remote, state, , , , , , inode]) => {
    return remote?.endsWith(end) === true && state === ESTABLISHED && sockets.has(`socket:[${inode}]`);
  }).length;
}

/** Linux <net/tcp_states.h>. */
const ESTABLISHED = "01";
