import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseCidr } from "../address/cidr.ts";
import type { PodFacts } from "../ipam/cluster-port.ts";
import { free } from "../ipam/free/free.ts";
import type { RecordTypes } from "../ipam/records.ts";
import { podFacts } from "../ipam/testing/hand-over.ts";
import { allocations, createWorld } from "../ipam/testing/world.ts";
import { recordsOfLeases } from "./foreign-leases.ts";
import { importRecords } from "./import-records.ts";
import { planImport } from "./plan-import.ts";
import { readWhereabouts } from "./whereabouts.ts";
import type { WhereaboutsEntry, WhereaboutsPool } from "./whereabouts-state.ts";

/** Whatever stands in whereabouts' objects and in pods: nothing that lives or is held is free after the import. */

const options = { deadline: performance.now() + 600_000 };
const NAMES = ["a", "b", "c", "d"];
const address = (n: number) => `10.0.0.${n}`;
/** .0 to .31 are the network's; the pools have the first 16 and the first 8 of it. */
const SUBNET = parseCidr("10.0.0.0/27");
const RANGES = [
  { name: "10.0.0.0-28", range: "10.0.0.0/28", size: 16 },
  { name: "lan-10.0.0.0-29", range: "10.0.0.0/29", size: 8 },
] as const;

interface Interface {
  readonly ifname: string;
  readonly ips: readonly number[];
}
interface Pod {
  readonly name: string;
  readonly state: "living" | "starting" | "finished" | "hides" | "gone";
  readonly interfaces: readonly Interface[];
}
interface Entry extends WhereaboutsEntry {
  readonly n: number;
}

const host = fc.nat(12);
const pod = (name: string) =>
  fc.record({
    name: fc.constant(name),
    state: fc.constantFrom("living", "living", "living", "starting", "finished", "hides", "gone"),
    interfaces: fc.uniqueArray(
      fc.record({ ifname: fc.constantFrom("net1", "net2", ""), ips: fc.uniqueArray(host, { maxLength: 2 }) }),
      {
        maxLength: 2,
        selector: ({ ifname }) => ifname,
      },
    ),
  }) as fc.Arbitrary<Pod>;
const entry: fc.Arbitrary<Entry> = fc
  .record({
    n: host,
    id: fc.option(fc.constantFrom("ca", "cb", "cc", "cd"), { nil: undefined }),
    podref: fc.option(fc.constantFrom(...NAMES.map((name) => `default/${name}`), "a", "default/x"), {
      nil: undefined,
    }),
    ifname: fc.option(fc.constantFrom("net1", "net2"), { nil: undefined }),
  })
  .map(({ n, ...rest }) => ({ n, ...(JSON.parse(JSON.stringify(rest)) as WhereaboutsEntry) }));
const offset = (n: number, form: number) =>
  [`${n}`, `0${n}`, `+${n}`, `${BigInt(n) - (1n << 64n)}`][form % 4] ?? `${n}`;
const source = fc.record({
  pods: fc.tuple(...NAMES.map(pod)),
  pools: fc.tuple(
    ...RANGES.map(({ size }) =>
      fc.array(fc.tuple(entry, fc.nat(3)), { maxLength: 3 }).map((all) => all.filter(([{ n }]) => n < size)),
    ),
  ),
  reservations: fc.array(entry, { maxLength: 3 }),
  skipGone: fc.boolean(),
  /** Of pods' interfaces, which whereabouts has an entry of in a pool, as it writes it. */
  exact: fc.array(fc.record({ pod: fc.nat(3), at: fc.nat(3), pool: fc.nat(1) }), { maxLength: 4 }),
});

function exactEntries(pods: readonly Pod[], exact: readonly { pod: number; at: number; pool: number }[]) {
  return exact.flatMap(({ pod: index, at, pool }) => {
    const { name, interfaces } = pods[index] as Pod;
    const all = interfaces.flatMap(({ ifname, ips }) => ips.map((n) => ({ ifname, n })));
    const shown = all[at];
    if (shown === undefined || shown.n >= (RANGES[pool]?.size ?? 0)) return [];
    const { ifname, n } = shown;
    return [
      { pool, entry: { n, id: `c${name}`, podref: `default/${name}`, ...(ifname !== "" && { ifname }) } },
    ];
  });
}

function factsOf({ interfaces, name, state }: Pod): PodFacts {
  const status = interfaces.map(({ ifname, ips }) => ({
    name: `default/${name}-${ifname}`,
    ...(ifname !== "" && { interface: ifname }),
    ips: ips.map(address),
  }));
  const key = "k8s.v1.cni.cncf.io/network-status";
  const shows = state === "living" || state === "finished";
  return podFacts({
    name,
    uid: `uid-${name}`,
    nodeName: `node-${name}`,
    finished: state === "finished",
    podIPs: state === "starting" ? [] : ["192.168.7.7"],
    annotations: shows ? { [key]: JSON.stringify(status) } : state === "hides" ? { [key]: "[{" } : {},
  });
}

test("M1: what a living pod shows or whereabouts holds is held, told, or the import is refused and says why", async () => {
  await fc.assert(
    fc.asyncProperty(source, async ({ exact: links, pods, pools: odd, reservations, skipGone }) => {
      const linked = exactEntries(pods, links);
      const pools = odd.map((all, index) => [
        ...all,
        ...linked.flatMap(({ entry, pool }) => (pool === index ? [[entry, 0] as [Entry, number]] : [])),
      ]);
      const written = pools.map(
        (all, index): WhereaboutsPool => ({
          name: RANGES[index]?.name ?? "",
          range: RANGES[index]?.range ?? "",
          allocations: Object.fromEntries(all.map(([{ n, ...rest }, form]) => [offset(n, form), rest])),
        }),
      );
      // An object has each key once.
      const kept = pools.flatMap((all) => [
        ...new Map(all.map(([each, form]) => [offset(each.n, form), each])).values(),
      ]);
      const entries = [...kept, ...reservations];
      const read = readWhereabouts(
        {
          pools: written,
          reservations: reservations.map(({ n, ...rest }) => ({ name: address(n), ...rest })),
          pods: pods.filter(({ state }) => state !== "gone").map(factsOf),
        },
        { ifname: "eth0", skipGone, subnets: [SUBNET] },
      );
      const living = pods.filter(({ state }) => state === "living");
      const shownAt = (n: number) =>
        living.flatMap(({ name, interfaces }) =>
          interfaces.filter(({ ips }) => ips.includes(n)).map(({ ifname }) => ({ name, ifname })),
        );
      const all = [...Array(32).keys()];

      // Refused: each address that two have by whereabouts' own word is named with both, and nothing else is.
      const gives = (n: number) =>
        new Set(
          shownAt(n).flatMap(({ name }) =>
            entries.some((each) => each.n === n && each.podref === `default/${name}`) ? name : [],
          ),
        );
      const doubled = all.filter((n) => gives(n).size > 1);
      expect(read.conflicts.length).toBe(doubled.length);
      for (const n of doubled) {
        const line = read.conflicts.find((each) => each.includes(`address ${address(n)} `)) ?? "";
        for (const name of gives(n)) expect(line).toContain(`pod default/${name} (`);
      }
      const stateOf = (podref = "") => pods.find(({ name }) => podref === `default/${name}`)?.state ?? "gone";
      const unshown = entries.filter(({ n }) => shownAt(n).length === 0);
      const waiting = unshown
        .filter(({ podref }) => stateOf(podref) === "starting")
        .map(({ podref }) => podref);
      expect(new Set(read.starting)).toEqual(new Set(skipGone ? [] : waiting) as Set<string>);
      if (read.conflicts.length + read.starting.length > 0) return;

      // The dry run tells what the import does.
      const world = createWorld();
      const ports = world.ports(world.node("node-a"));
      const network = { source: "whereabouts", name: "lan", space: "default", ranges: [], since: "" };
      const records = recordsOfLeases(read.leases, network);
      const plan = await planImport(records, ports.store, options);
      expect(plan.conflicts).toEqual([]);
      const { written: count, conflicts } = await importRecords(records, ports.store, options);
      expect([count, conflicts]).toEqual([plan.missing.length, []]);
      expect((await importRecords(records, ports.store, options)).written).toBe(0);

      // Held by whom it should be, or told.
      const byAddress = new Map(
        records.flatMap(({ ref, record }) =>
          ref.kind === "allocation" ? [[ref.address, record as RecordTypes["allocation"]]] : [],
        ),
      );
      const told = (n: number) =>
        read.remarks.filter(
          (line) => line.startsWith(`${address(n)}`) && !/^\d/.test(line.slice(address(n).length)),
        );
      for (const n of all) {
        const shown = shownAt(n);
        const own = entries.filter((each) => each.n === n);
        const holders = byAddress.get(address(n))?.holders ?? [];
        const [holder] = holders;
        if (shown.length > 0) {
          const names = new Set(shown.map(({ name }) => name));
          expect(new Set(holders.map(({ pod, node }) => `${pod?.uid} ${node}`))).toEqual(
            new Set([...names].map((name) => `uid-${name} node-${name}`)),
          );
          for (const { ifname, name } of shown.filter((each) => each.ifname !== ""))
            expect(
              holders.filter(({ attachment, pod }) => pod?.name === name && attachment.ifname === ifname),
            ).toHaveLength(1);
          const [name] = names;
          const isExact = (each: Entry) => each.podref === `default/${name}` && each.id !== undefined;
          const exact = shown.length === 1 && kept.some((each) => each.n === n && isExact(each));
          if (!exact) expect(told(n)).not.toEqual([]);
          else if (own.every(isExact) && new Set(own.map(({ id }) => id)).size === 1)
            expect(told(n)).toEqual([]);
        } else if (own.length > 0) {
          const mayLive = own.some(({ podref }) => stateOf(podref) === "hides");
          expect(told(n)).not.toEqual([]);
          expect(holder?.node).toBe(skipGone && !mayLive ? (undefined as never) : "(unknown)");
        } else expect([holder, told(n)]).toEqual([undefined as never, []]);
      }

      // A DEL frees what its own interface has, and nothing else.
      for (const { ref, record } of records) {
        if (ref.kind !== "attachment") continue;
        const { addresses } = record as RecordTypes["attachment"];
        const pod = (record as RecordTypes["attachment"]).holder.pod?.name;
        const shown = addresses.map((text) =>
          shownAt(Number(text.split(".")[3])).filter(({ name }) => name === pod),
        );
        const isOnOne = ["net1", "net2", ""].some((ifname) =>
          shown.every((at) => at.length === 0 || at.some((each) => each.ifname === ifname)),
        );
        expect(isOnOne).toBe(true);
        if (shown.some((at) => at.some(({ ifname }) => ifname === ref.id.ifname)))
          expect(shown.every((at) => at.some(({ ifname }) => ifname === ref.id.ifname))).toBe(true);
        const before = new Set((await allocations(ports)).keys());
        await free({ node: ref.node, id: ref.id }, 0, ports, options);
        const after = new Set((await allocations(ports)).keys());
        for (const text of before.difference(after)) expect(addresses).toContain(text);
        // Free when the last of its holders has ended.
        const left = addresses.filter((text) => after.has(text));
        for (const text of left) expect(byAddress.get(text)?.holders.length).toBeGreaterThan(1);
      }
    }),
    { numRuns: 300 },
  );
});
