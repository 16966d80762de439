import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "../../address/address.ts";
import type { Interval } from "../../address/interval.ts";
import { IpamError } from "../errors.ts";
import type { Owner } from "../records.ts";
import { add, allocations, createWorld, del, named, network, texts } from "../testing/world.ts";
import type { Wish } from "../wish.ts";

/** Range sets that share one subnet: each address belongs to one of them, and one ADD gets all different ones. */

const SUBNET = "10.1.2.0/24";
const half = (first: string, last: string) => [{ subnet: SUBNET, first, last, gateway: "10.1.2.1" }];
const LOWER = half("10.1.2.1", "10.1.2.127");
const UPPER = half("10.1.2.128", "10.1.2.200");
const net = network("net1", LOWER, UPPER);

const statefulSet: Owner = { kind: "StatefulSet", namespace: "default", name: "db", uid: "u1" };
const deployment: Owner = { kind: "Deployment", namespace: "default", name: "web", uid: "u2" };

function world() {
  const made = createWorld();
  return made.ports(made.node("node1"));
}

function interval(first: string, last = first): Interval {
  return { first: parseAddress(first), last: parseAddress(last) };
}

describe("an address by name", () => {
  const cases: readonly [readonly string[], string][] = [
    [["10.1.2.128"], "10.1.2.2 10.1.2.128"],
    [["10.1.2.200"], "10.1.2.2 10.1.2.200"],
    [["10.1.2.200", "10.1.2.7"], "10.1.2.7 10.1.2.200"],
    [["10.1.2.7", "10.1.2.200"], "10.1.2.7 10.1.2.200"],
    [["10.1.2.250"], "10.1.2.250 10.1.2.128"],
    [["10.1.2.250", "10.1.2.7"], "10.1.2.7 10.1.2.250"],
    [["10.1.2.200", "10.1.2.201"], "10.1.2.201 10.1.2.200"],
  ];
  test.each(cases)(
    "%j is given by the set whose range holds it, else by one whose subnet does",
    async (wanted, given) => {
      const got = texts(await add(world(), "c1", { network: net, wish: named(...wanted) }));
      expect(got).toEqual(given.split(" ").map((text) => `${text}/24`));
    },
  );

  test("the same one for two sets is an error, not the same address twice", async () => {
    const failure = await add(world(), "c1", { network: net, wish: named("10.1.2.250", "10.1.2.250") }).catch(
      (thrown) => thrown,
    );
    expect(failure).toBeInstanceOf(IpamError);
  });
});

describe("what belongs to the workload", () => {
  const wishes: readonly [string, Partial<Wish>][] = [
    ["a sticky StatefulSet's pod", { sticky: true, owner: { owner: statefulSet, ordinal: 0 } }],
    ["a sticky Deployment's pod", { sticky: true, owner: { owner: deployment } }],
  ];
  test.each(wishes)("%s gets both its addresses again", async (_, wish) => {
    const ports = world();
    const first = texts(await add(ports, "c1", { network: net, wish }));
    await del(ports, "c1");
    await add(ports, "other", { network: net });
    expect(texts(await add(ports, "c2", { network: net, wish }))).toEqual(first);
    expect(new Set(first).size).toBe(2);
  });

  test("a set gives an address only from the range set that it belongs to", async () => {
    const set = [interval("10.1.2.130", "10.1.2.131")];
    const ofPod = await add(world(), "c1", { network: net, wish: { set, owner: { owner: deployment } } });
    expect(texts(ofPod)).toEqual(["10.1.2.2/24", "10.1.2.130/24"]);
    const ofOrdinal = { set, owner: { owner: statefulSet, ordinal: 1 } };
    expect(texts(await add(world(), "c1", { network: net, wish: ofOrdinal }))).toEqual([
      "10.1.2.2/24",
      "10.1.2.131/24",
    ]);
  });

  test("a set outside all ranges gives each range set another one", async () => {
    const ports = world();
    const wish = { set: [interval("10.1.2.240", "10.1.2.243")], owner: { owner: deployment } };
    const got = [
      ...texts(await add(ports, "c1", { network: net, wish })),
      ...texts(await add(ports, "c2", { network: net, wish })),
    ];
    expect(got.sort()).toEqual([240, 241, 242, 243].map((last) => `10.1.2.${last}/24`));
  });
});

test("however ranges, wishes and owners lie, no ADD gets one address twice", async () => {
  const byte = fc.integer({ min: 2, max: 40 });
  const text = (last: number) => `10.1.2.${last}`;
  const wish = fc.oneof(
    fc.record({ fixed: fc.array(byte, { maxLength: 3 }) }).map(({ fixed }) => named(...fixed.map(text))),
    fc.record({ first: byte, more: fc.nat(5), ordinal: fc.option(fc.nat(3), { nil: undefined }) }).map(
      ({ first, more, ordinal }): Partial<Wish> => ({
        set: [interval(text(first), text(first + more))],
        owner: { owner: deployment, ...(ordinal !== undefined && { ordinal }) },
      }),
    ),
    fc.option(fc.nat(2), { nil: undefined }).map(
      (ordinal): Partial<Wish> => ({
        sticky: true,
        owner: { owner: statefulSet, ...(ordinal !== undefined && { ordinal }) },
      }),
    ),
    fc.constant<Partial<Wish>>({}),
  );
  const cuts = fc.uniqueArray(byte, { minLength: 4, maxLength: 6 }).map((all) => all.sort((a, b) => a - b));
  await fc.assert(
    fc.asyncProperty(cuts, fc.array(fc.tuple(wish, fc.boolean()), { maxLength: 8 }), async (ends, steps) => {
      const pairs = Array.from({ length: Math.floor(ends.length / 2) }, (_, n) =>
        ends.slice(2 * n, 2 * n + 2),
      );
      const many = network("net1", ...pairs.map(([a = 2, b = 3]) => half(text(a), text(b))));
      const ports = world();
      for (const [index, [asked, leaves]] of steps.entries()) {
        const allocated = await add(ports, `c${index}`, { network: many, wish: asked }).catch((failure) => {
          if (failure instanceof IpamError) return undefined;
          throw failure;
        });
        if (allocated === undefined) continue;
        const got = texts(allocated).map((each) => each.replace("/24", ""));
        expect(new Set(got).size).toBe(pairs.length);
        for (const { address } of asked.fixed ?? [])
          expect(got).toContain(text(Number(address.value & 0xffn)));
        const held = await allocations(ports);
        for (const each of got) expect(held.get(each)).toEqual([`c${index}`]);
        if (leaves) await del(ports, `c${index}`);
      }
    }),
    { numRuns: 300 },
  );
});
