import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { type AgentPlace, throughAgent } from "../kit/subject-agent.ts";
import { kubeIpam } from "../kit/subject-kube-ipam.ts";
import { World } from "../kit/world.ts";

/**
 * 10,000 ADDs and as many DELs through the shim: what the agent holds on to must not grow. Takes a
 * few minutes, so that it has a target of its own (`make test-soak`).
 */

const PAIRS = Number(process.env.KUBE_IPAM_SOAK_PAIRS ?? 10_000);
const AT_ONCE = 8;
/** The agent gives memory back when it has been quiet for a moment. */
const QUIET_MS = 10_000;
/** What an engine that compiles more and more code may need beyond the first tenth. */
const GROWTH_MIB = 24;

test(`${PAIRS} ADDs and DELs let neither memory nor descriptors of the agent grow`, async () => {
  let place: AgentPlace | undefined;
  const open = async () => {
    place = await throughAgent(kubeIpam());
    return place;
  };
  await using world = await World.open({ ...kubeIpam(), agent: true, open });
  if (place === undefined) throw new Error("expected a place");
  const { pid } = place.agent();
  const net = world.network({ subnet: "10.1.0.0/16", coolingSeconds: 0 });
  await live(world, net, 0, PAIRS / 10);
  await Bun.sleep(QUIET_MS);
  const before = footprint(pid);
  await live(world, net, PAIRS / 10, PAIRS);
  await Bun.sleep(QUIET_MS);
  const after = footprint(pid);
  console.log(
    `agent: ${JSON.stringify(before)} after ${PAIRS / 10} pairs, ${JSON.stringify(after)} after ${PAIRS}`,
  );
  expect(await world.held()).toEqual([]);
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
  expect(after.mib).toBeLessThanOrEqual(before.mib + GROWTH_MIB);
  expect(place.agent().pid).toBe(pid);
}, 1_800_000);

async function live(world: World, net: Readonly<Record<string, unknown>>, from: number, to: number) {
  let next = from;
  const lane = async () => {
    while (next < to) {
      const container = `c${next}`;
      next += 1;
      await world.add(net, { container });
      await world.del(net, { container });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

function footprint(pid: number): { mib: number; descriptors: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    mib: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}
