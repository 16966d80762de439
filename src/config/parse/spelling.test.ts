import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { describeNetwork } from "../../ipam/network.ts";
import type { NetworkConfiguration } from "../network-configuration.ts";
import { FILE } from "../testing/parse.ts";
import {
  doubled,
  inAnotherCase,
  misspelt,
  moved,
  type Respelt,
  type Spot,
  separated,
  spotsIn,
} from "../testing/respell.ts";
import { parseNetworkConfiguration } from "./parse-network-configuration.ts";

/**
 * FAIL-CLOSED: whatever is done to one key of a configuration, it means the same as before, or is refused by
 * an error that names the key. It never means other addresses or another store.
 */

/** Written out here, so that no table of the parser decides what is tried. */
const SAYS_NOTHING_OF_ADDRESSES = ["cniVersion", "name", "type", "routes", "dst", "gw", "mtu", "logLevel"];
/** Beside `ipam` such keys are a main plugin's: flannel's, Calico's, Multus'. */
const OF_MAIN_PLUGINS = ["dataDir", "nodeName", "kubeConfig", "prefix", "annotations"];
/** Their own keys are names that somebody gave. */
const DATA = ["pools", "nodes"];

const own = fc.record(
  {
    rangeStart: fc.constant("10.1.2.50"),
    rangeEnd: fc.constant("10.1.2.99"),
    gateway: fc.constant("10.1.2.9"),
    fixedStart: fc.constant("10.1.2.200"),
    fixedEnd: fc.constant("10.1.2.210"),
    exclude: fc.constant(["10.1.2.60-10.1.2.69"]),
  },
  { requiredKeys: ["fixedStart", "fixedEnd"] },
);
const range = own.map((keys) => ({ subnet: "10.1.2.0/24", ...keys }));
const settings = fc.record(
  {
    exclude: fc.constant(["10.1.2.70"]),
    addressSpace: fc.constant("wire"),
    dataDir: fc.constant("/data"),
    nodeName: fc.constant("n1"),
    kubeConfig: fc.constant("/kubeconfig"),
    nodeLocal: fc.constant(true),
    requireInit: fc.constant(true),
    annotations: fc.constant("off"),
    coolingSeconds: fc.constant(7),
    logLevel: fc.constant("debug"),
    routes: fc.constant([{ dst: "0.0.0.0/0", gw: "10.1.2.8", mtu: 1400 }]),
    etcdConfig: fc.constant({ etcdURL: "http://e:2379", prefix: "/mine" }),
  },
  { requiredKeys: [] },
);
const addresses = fc.oneof(
  range,
  range.map((each) => ({ ranges: [[each], [{ subnet: "2001:db8::/64", rangeStart: "2001:db8::99" }]] })),
  fc.constant({ subnet: "10.1.3.0/24", ranges: [[{ subnet: "10.1.2.0/24", rangeEnd: "10.1.2.20" }]] }),
);
const around = fc.record(
  {
    args: fc.constant({ cni: { ips: ["10.1.2.77"] } }),
    runtimeConfig: fc.constant({ ipRanges: [[{ subnet: "10.1.4.0/24", rangeStart: "10.1.4.9" }]] }),
  },
  { requiredKeys: [] },
);
const network = fc.tuple(addresses, settings, around).map(([addressing, setting, more]) => ({
  cniVersion: "1.0.0",
  name: "net1",
  type: "macvlan",
  master: "eth0",
  ipam: { type: "kube-ipam", ...setting, ...addressing },
  ...more,
}));

const file = settings.map(({ routes: _, ...setting }) => ({
  ...setting,
  pools: {
    db: {
      subnets: ["10.121.0.0/24"],
      ranges: [[{ subnet: "2001:db8:1::/64", rangeStart: "2001:db8:1::99" }]],
      exclude: ["10.121.0.9"],
      addressSpace: "db",
      nodes: { rack: "r1" },
      namespaces: ["data"],
      fixedNamespaces: ["data"],
      maxPerNamespace: 3,
    },
  },
}));
const OF_POOL = JSON.stringify({ cniVersion: "1.0.0", name: "n", ipam: { type: "kube-ipam", pool: "db" } });

type Respell = (document: Readonly<Record<string, unknown>>, spot: Spot) => fc.Arbitrary<Respelt>;
type Outcome = "the same" | "refused" | "either";

const WAYS: readonly (readonly [string, Outcome, Respell])[] = [
  ["C36: in another case", "the same", inAnotherCase],
  ["C46: with a separator", "either", separated],
  ["C46: misspelt", "either", misspelt],
  ["C43: moved", "either", (document, spot) => moved(document, spot, placesFor(document, spot.key))],
  ["C38: doubled", "refused", (document, spot) => doubled(document, spot, "10.1.2.0/24")],
];

describe.each(WAYS)("%s", (_way, expected, respell) => {
  test("a key of a network", () => holds(network, respell, expected, (text) => read(text)));

  test("C49: a key of the node's file", () => holds(file, respell, expected, (text) => read(OF_POOL, text)));
});

/** Each key in turn; the meaning is the parser's own of the configuration as it was. */
function holds(
  documents: fc.Arbitrary<Readonly<Record<string, unknown>>>,
  respell: Respell,
  expected: Outcome,
  meaning: (text: string) => unknown,
): void {
  const tried = documents.chain((document) => {
    const spots = [...spotsIn(document, DATA), ...spotsOfPools(document)].filter(
      ({ key }) => !SAYS_NOTHING_OF_ADDRESSES.includes(key) && key !== "master" && key !== "pools",
    );
    return fc
      .constantFrom(...spots)
      .chain((spot) => fc.tuple(fc.constant(document), respell(document, spot)));
  });
  fc.assert(
    fc.property(tried, ([document, { text, was, now }]) => {
      const before = meaning(JSON.stringify(document));
      const after = outcome(() => meaning(text));
      if (expected !== "either") expect(after.refusal === undefined).toBe(expected === "the same");
      if (after.refusal === undefined) expect(after.value).toEqual(before);
      else expect(after.refusal).toMatch(new RegExp(`^7 .*(${quoted(was)}|${quoted(now)})`, "i"));
    }),
    { numRuns: 250 },
  );
}

test.each([
  [
    "a pool",
    OF_POOL,
    '{"pools":{"db":{"subnets":["10.1.0.0/24"]},"db":{"subnets":["10.2.0.0/24"]}}}',
    "pools.db",
  ],
  [
    "a label",
    OF_POOL,
    '{"pools":{"db":{"subnets":["10.1.0.0/24"],"nodes":{"r":"1","r":"2"}}}}',
    "pools.db.nodes.r",
  ],
])("C38: %s that is there twice is refused, though its name is data", (_what, stdin, text, path) => {
  expect(outcome(() => read(stdin, text)).refusal).toBe(
    `7 ${FILE}: ${path} is there twice: keep the one that is meant`,
  );
});

test("C36: the case of names that somebody gave counts", () => {
  const file =
    '{"pools":{"db":{"subnets":["10.1.0.0/24"],"nodes":{"R":"1","r":"2"}},"DB":{"subnets":["10.2.0.0/24"]}}}';
  expect(read(OF_POOL, file)).toMatchObject({ policy: { pool: "db", nodes: { R: "1", r: "2" } } });
});

/** Objects that the key could be meant to stand in, or be put into by mistake. */
function placesFor(document: Readonly<Record<string, unknown>>, key: string): Spot["path"][] {
  const all = spotsIn(document, []).map(({ path }) => path);
  const places = [...new Map(all.map((path) => [JSON.stringify(path), path])).values()];
  // Names of pools and labels are anybody's; in the node's file a setting may serve every network.
  const open = (path: Spot["path"]) =>
    DATA.includes(String(path.at(-1))) ||
    (OF_MAIN_PLUGINS.includes(key) &&
      (path.length === 0 || path[0] === "args" || path[0] === "runtimeConfig"));
  return places.filter((path) => !open(path));
}

function spotsOfPools(document: Readonly<Record<string, unknown>>): Spot[] {
  const { pools } = document as { pools?: Readonly<Record<string, unknown>> };
  return Object.entries(pools ?? {}).flatMap(([name, pool]) => spotsIn(pool, DATA, ["pools", name]));
}

/** What a configuration says of addresses, wishes and stores. */
function read(stdin: string, nodeFile?: string): unknown {
  const configuration = parseNetworkConfiguration({
    stdin,
    purpose: "add",
    nodeFile: nodeFile === undefined ? undefined : { path: FILE, text: nodeFile },
  });
  const { network: said, store, kubernetes, node }: NetworkConfiguration = configuration;
  const requestedIps = configuration.requestedIps.map(({ source: _, ...ip }) => ip);
  const { name, space, policy, coolingSeconds, requireInit } = said;
  return {
    addresses: describeNetwork(said),
    ...{ name, space, policy, coolingSeconds, requireInit, requestedIps, store, kubernetes },
    ...{ dataDir: node.dataDir, nodeName: node.nodeName, nodeLocal: node.nodeLocal },
  };
}

function outcome(action: () => unknown): { readonly value?: unknown; readonly refusal?: string } {
  try {
    return { value: action() };
  } catch (error) {
    const { code, message, details } = error as { code: number; message: string; details: string };
    return { refusal: `${code} ${message}: ${details}` };
  }
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
