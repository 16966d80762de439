import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { intervalContains } from "../../address/interval.ts";
import { parseInterval } from "../../address/interval-text.ts";
import { rangeOf } from "../../address/range.ts";
import { allocate } from "../allocate/allocate.ts";
import { IpamError } from "../errors.ts";
import type { Network } from "../network.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { podFacts } from "../testing/hand-over.ts";
import { network } from "../testing/networks.ts";
import { createWorld } from "../testing/world.ts";
import { fillSets } from "../wish/fill-sets.ts";
import { readWish } from "../wish/wish-of-pod.ts";
import type { FixedAddress } from "../wish.ts";

/**
 * FAIL-CLOSED: whatever a pod and its runtime name, in whatever ways, on whatever networks, each address
 * is given, refused or told; never replaced by another one.
 */

const OURS: Readonly<Record<string, Network>> = {
  web: network("web", "10.1.0.0/24", "fd01::/64"),
  db: network("db", "10.2.0.0/24"),
  two: network("two", "10.3.0.0/24", "10.4.0.0/24"),
};
const ADDRESSES: Readonly<Record<string, string[]>> = {
  web: ["10.1.0.5", "10.1.0.6", "fd01::5"],
  db: ["10.2.0.5", "10.2.0.6"],
  two: ["10.3.0.5", "10.4.0.5"],
};
const SOURCES = ["runtimeConfig.ips", "args.cni.ips", "CNI_ARGS IP"] as const;

const kind = fc.constantFrom("web", "web", "db", "db", "two", "sriov");
const entry = fc.record({
  network: kind,
  definition: fc.constantFrom("same", "same", "other", "unreadable"),
  ifname: fc.option(fc.constant("own"), { freq: 4, nil: undefined }),
});
const places = fc.record({
  first: kind,
  defaults: fc.array(kind, { maxLength: 1 }),
  list: fc.array(entry, { maxLength: 2 }),
  stored: fc.subarray(Object.keys(OURS)),
});

/** Mostly what its networks could give, under names that it has. */
const pods = places.chain((place) => {
  const interfaces = interfacesOf(place);
  const near = interfaces.flatMap(({ network: name }) => ADDRESSES[name] ?? []);
  const address = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...(near.length > 0 ? near : ["10.9.0.5"])) },
    { weight: 1, arbitrary: fc.constantFrom("10.9.0.5", ...Object.values(ADDRESSES).flat()) },
  );
  const suffix = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        "",
        ...interfaces.flatMap((each) => [`/${each.ifname}`, `/${each.network}`]),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom("/net1", "/net2", "/net3", "/own", "/db", "/db-definition", "/x"),
    },
  );
  const bySuffix = <T>(of: fc.Arbitrary<T>, maxLength: number) =>
    fc.uniqueArray(fc.tuple(suffix, of), { maxLength, selector: ([scope]) => scope });
  const list = fc.constantFrom(
    "10.1.0.7-10.1.0.9",
    "fd01::7",
    "10.2.0.7,10.2.0.8",
    "10.3.0.7,10.4.0.7",
    "10.9.0.7",
  );
  return fc.record({
    place: fc.constant(place),
    ip: bySuffix(fc.uniqueArray(address, { minLength: 1, maxLength: 2 }), 2),
    ips: fc.oneof({ weight: 4, arbitrary: bySuffix(list, 0) }, bySuffix(list, 1)),
    sticky: fc.boolean(),
    requested: fc.oneof(
      { weight: 2, arbitrary: fc.constant<Requested[]>([]) },
      fc.array(
        fc.tuple(
          fc.nat(2),
          fc.constantFrom(...SOURCES),
          fc.uniqueArray(address, { minLength: 1, maxLength: 2 }),
        ),
        {
          maxLength: 2,
        },
      ),
    ),
  });
});
type Requested = [at: number, source: (typeof SOURCES)[number], texts: string[]];
type Pod = typeof pods extends fc.Arbitrary<infer T> ? T : never;
type Places = Pod["place"];

interface Interface {
  readonly ifname: string;
  readonly network: string;
}

function annotationsOf({ ip, ips, place: { list: entries }, sticky }: Pod): Record<string, string> {
  const names = entries.map(({ definition, ifname, network: name }) => ({
    name: definition === "same" ? name : `${name}-definition`,
    ...(ifname && { interface: ifname }),
  }));
  return {
    ...(names.length > 0 && { "k8s.v1.cni.cncf.io/networks": JSON.stringify(names) }),
    ...Object.fromEntries(ip.map(([scope, value]) => [`kube-ipam.ip${scope}`, value.join()])),
    ...Object.fromEntries(ips.map(([scope, value]) => [`kube-ipam.ips${scope}`, value])),
    ...(sticky && { "kube-ipam.sticky": "true" }),
  };
}

/** As Multus does: the first one, those that every pod gets, those of the list. */
function interfacesOf({ first, defaults, list: entries }: Places): Interface[] {
  const all = [...defaults.map((name) => ({ network: name, ifname: undefined })), ...entries];
  return [
    { ifname: "eth0", network: first },
    ...all.map(({ ifname, network: name }, index) => ({
      ifname: ifname ?? `net${index + 1}`,
      network: name,
    })),
  ];
}

/** Runs the pod's ADDs: what was given by each interface and what was told, or the refusal. */
async function start(pod: Pod) {
  const world = createWorld();
  const node = world.node("n1");
  const annotations = annotationsOf(pod);
  const cluster = new FakeCluster();
  cluster.addPod(podFacts({ name: "p", uid: "u", nodeName: "n1", annotations }));
  for (const { definition, network: name } of pod.place.list) {
    const ours = OURS[name];
    const subnets = ours?.sets.flatMap(({ ranges }) => ranges.map(({ subnet }) => subnet)) ?? [];
    const said =
      ours === undefined ? ({ kind: "foreign" } as const) : ({ kind: "ours", name, subnets } as const);
    const key = `default/${definition === "same" ? name : `${name}-definition`}`;
    cluster.definitions.set(key, definition === "unreadable" ? { kind: "unreadable", why: "?" } : said);
  }
  const ports = world.ports(node, cluster, "cluster-1");
  const deadline = performance.now() + 20_000;
  const add = async (
    container: string,
    { ifname, network: name }: Interface,
    requested: FixedAddress[],
    asked?: object,
  ) => {
    const of = OURS[name];
    if (of === undefined) return undefined;
    node.createNamespace(`/run/netns/${container}`);
    const attachment = { network: name, container, ifname };
    const id = { namespace: "default", name: "p", uid: "u" };
    const kubernetes = { annotations: "auto", capabilityDeclared: true, ...asked } as const;
    const wish = await readWish({ pod: id, attachment, network: of, kubernetes, requested }, ports, deadline);
    const request = {
      attachment,
      namespacePath: `/run/netns/${container}`,
      pod: id,
      network: of,
      wish,
      deadline,
    };
    return { of, wish, given: (await allocate(request, ports)).addresses.map(({ address: one }) => one) };
  };
  for (const name of pod.place.stored)
    await add(`before-${name}`, { ifname: "eth0", network: name }, [], { podAnnotations: {} });
  const done: NonNullable<Awaited<ReturnType<typeof add>>>[] = [];
  const asked: FixedAddress[] = [];
  try {
    for (const [index, each] of interfacesOf(pod.place).entries()) {
      const sources = SOURCES.map((source) =>
        pod.requested
          .filter(([at, of]) => at === index && of === source)
          .flatMap(([, , texts]) => texts.map((text) => ({ address: parseAddress(text), source }))),
      );
      const result = await add("c1", each, [...fillSets(OURS[each.network]?.sets ?? [], sources).given]);
      if (result === undefined) continue;
      asked.push(...sources.flat());
      done.push(result);
    }
  } catch (failure) {
    if (failure instanceof IpamError) return failure;
    throw failure;
  }
  return { done, asked };
}

test("each wish is given, refused or told, never replaced", async () => {
  const seen = { refused: 0, given: 0 };
  await fc.assert(
    fc.asyncProperty(pods, async (pod) => {
      const outcome = await start(pod);
      if (outcome instanceof IpamError) {
        seen.refused += 1;
        return;
      }
      const { asked, done } = outcome;
      // kube-ipam is not called for such a pod.
      if (done.length === 0) return;
      const told = done.flatMap(({ wish }) => wish.passedOn ?? []);
      const given = done.flatMap((each) => each.given.map(formatAddress));
      const named = pod.ip.flatMap(([scope, texts]) =>
        texts.map((text) => [`kube-ipam.ip${scope}`, text] as const),
      );
      const mayGive = new Set([
        ...named.map(([, text]) => text),
        ...asked.map(({ address: one }) => formatAddress(one)),
      ]);
      /** A stronger source names another address for the range set. */
      const yields = (text: string) =>
        done.some(({ of, given: all }) =>
          of.sets.some(
            (set, index) =>
              rangeOf(set, parseAddress(text)) !== undefined &&
              mayGive.has(formatAddress(all[index] ?? parseAddress("::"))),
          ),
        );
      const texts = [
        ...named,
        ...asked.map(({ address: one, source }) => [source, formatAddress(one)] as const),
      ];
      for (const [key, text] of texts) {
        const isTold = told.some((each) => each.startsWith(`${key}: `));
        expect([key, text, given.includes(text) || isTold || yields(text)]).toEqual([key, text, true]);
        if (given.includes(text)) seen.given += 1;
      }
      for (const [scope, text] of pod.ips) {
        const intervals = text.split(",").map(parseInterval);
        const has = given.some((one) =>
          intervals.some((interval) => intervalContains(interval, parseAddress(one))),
        );
        const isTold = told.some((each) => each.startsWith(`kube-ipam.ips${scope}: `));
        expect([scope, text, has || isTold]).toEqual([scope, text, true]);
      }
    }),
    { numRuns: 600 },
  );
  expect(Object.values(seen).every((count) => count > 40)).toBe(true);
});
