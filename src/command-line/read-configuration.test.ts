import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { IpamError } from "../ipam/errors.ts";
import { readConfiguration, readNetworkFile } from "./read-configuration.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-ipam-configuration-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const OURS = { type: "macvlan", ipam: { type: "kube-ipam", subnet: "10.1.2.0/24" } };
const THEIRS = { type: "bridge", ipam: { type: "whereabouts", range: "10.9.0.0/16", Subnet: 1, subnet: 2 } };

test("a single configuration is handed on as it came", () => {
  const text =
    '{ "Name": "lan", "IPAM": { "type": "kube-ipam", "subnet": "10.1.2.0/24", "subnet": "10.1.3.0/24" } }';
  expect(read(text)).toMatchObject({ kind: "network", stdin: text });
});

test("C36: a list is read without regard to case, and other plugins' configurations are theirs", () => {
  const list = { CNIVersion: "1.0.0", Name: "lan", Plugins: [THEIRS, { type: "macvlan", IPAM: OURS.ipam }] };
  expect(network(JSON.stringify(list))).toEqual({ cniVersion: "1.0.0", name: "lan", ...OURS });
});

test("C38: a list with a key of ours that is there twice is refused", () => {
  const list = JSON.stringify({ cniVersion: "1.0.0", name: "lan", plugins: [THEIRS, OURS] });
  expect(() => read(list.replace('"subnet":"10.1.2.0/24"', '"subnet":"10.1.2.0/24","SubNet":1'))).toThrow(
    'plugins[1].ipam.subnet is there twice: as "subnet" and as "SubNet"',
  );
});

test("a definition's network has the definition's name where it has none", () => {
  const definition = (config: object) =>
    JSON.stringify({
      kind: "NetworkAttachmentDefinition",
      metadata: { name: "db" },
      spec: { config: JSON.stringify(config) },
    });
  expect(network(definition(OURS))).toEqual({ ...OURS, name: "db" });
  expect(network(definition({ ...OURS, Name: "lan" }))).toEqual({ ...OURS, Name: "lan" });
});

test("anything else is the node's file", () => {
  expect(read('{"dataDir":"/d"}')).toMatchObject({ kind: "node", file: { text: '{"dataDir":"/d"}' } });
});

const NAD = { apiVersion: "k8s.cni.cncf.io/v1", kind: "NetworkAttachmentDefinition" };
const defined = (name: string, config?: unknown) => ({
  ...NAD,
  metadata: { name },
  spec: config === undefined ? {} : { config: typeof config === "string" ? config : JSON.stringify(config) },
});
const lan = { cniVersion: "1.0.0", name: "lan", ...OURS };
const multus = (...delegates: object[]) => ({ cniVersion: "0.3.1", name: "m", type: "multus", delegates });

test("K111: the one delegate of kube-ipam is the network", () => {
  const list = { cniVersion: "0.3.1", name: "lan", plugins: [OURS, { type: "tuning" }] };
  for (const file of [
    multus(list),
    multus({ type: "bridge", name: "x", ipam: THEIRS.ipam }, list),
    { cniVersion: "1.0.0", name: "m", plugins: [{ type: "tuning" }, { ...multus(list), name: "inner" }] },
  ])
    expect(network(JSON.stringify(file))).toEqual({ ...OURS, name: "lan", cniVersion: "0.3.1" });
  expect(network(JSON.stringify(multus(lan)))).toEqual(lan);
});

test("K112: a definition is read in JSON and YAML, alone and in a list", () => {
  const objects = [
    defined("lan", lan),
    {
      apiVersion: "v1",
      kind: "List",
      items: [defined("lan", lan), defined("their", THEIRS), defined("none")],
    },
  ];
  for (const each of objects)
    for (const text of [JSON.stringify(each), Bun.YAML.stringify(each, null, 2)])
      expect(network(text)).toEqual(lan);
  expect(
    network(`${Bun.YAML.stringify(defined("lan", lan), null, 2)}\n---\n${Bun.YAML.stringify(null)}`),
  ).toEqual(lan);
});

const NO_NETWORK: [name: string, text: string, message: string][] = [
  [
    "two delegates",
    JSON.stringify(multus(lan, { ...lan, name: "wan" })),
    "2 networks of kube-ipam: 'lan', 'wan'",
  ],
  ["delegates of others", JSON.stringify(multus(THEIRS)), 'lists no plugin whose ipam.type is "kube-ipam"'],
  [
    "the thick plugin",
    '{"cniVersion":"1.0.0","name":"kube-ipam","type":"multus-shim"}',
    "lists no plugin whose",
  ],
  [
    "flannel's delegate",
    '{"type":"flannel","delegate":{"ipam":{"type":"kube-ipam"}}}',
    "lists no plugin whose",
  ],
  [
    "a definition without spec",
    JSON.stringify({ ...NAD, metadata: { name: "lan" } }),
    "'lan' has no configuration",
  ],
  ["a definition without config", JSON.stringify(defined("lan")), "'lan' has no configuration"],
  ["an empty config", JSON.stringify(defined("lan", " ")), "'lan' has no configuration"],
  ["an empty config in YAML", Bun.YAML.stringify(defined("lan", ""), null, 2), "'lan' has no configuration"],
  ["a config in YAML", JSON.stringify(defined("lan", "name: lan\n")), "spec.config is not valid JSON"],
  ["a config with comments", JSON.stringify(defined("lan", "# x\n{}")), "spec.config is not valid JSON"],
  [
    "a config that is no string",
    JSON.stringify({ ...NAD, spec: { config: {} } }),
    "must be a string of JSON",
  ],
  [
    "a definition of another plugin",
    JSON.stringify(defined("lan", THEIRS)),
    "defines no network whose ipam.type",
  ],
  [
    "an empty list",
    '{"kind":"List","apiVersion":"v1","items":[]}',
    "holds no NetworkAttachmentDefinition, but an empty list",
  ],
  [
    "a pod",
    '{"kind":"Pod","metadata":{"name":"p"},"spec":{}}',
    "holds no NetworkAttachmentDefinition, but Pod",
  ],
  [
    "two definitions",
    JSON.stringify({ kind: "List", items: [defined("a", lan), defined("b", { ...lan, name: "b" })] }),
    "2 networks of kube-ipam: 'lan', 'b'",
  ],
  ["broken YAML", "kind: List\nitems: [\n", "is not valid YAML"],
];
test.each(NO_NETWORK)("K111, K112: %s is neither a network nor the node's file", (_, text, message) => {
  expect(() => read(text)).toThrow(message);
});

test("whatever has a key of a network or an object, in any case, is no node's file", () => {
  const mark = fc.constantFrom(
    "cniVersion",
    "plugins",
    "delegates",
    "ipam",
    "kind",
    "apiVersion",
    "spec",
    "CNIVersion",
    "Kind",
  );
  const value = fc.oneof(fc.string(), fc.constant([]), fc.constant({}), fc.constant(null), fc.integer());
  const node = { dataDir: "/d", etcdConfig: { etcdURL: "http://e:2379" } };
  fc.assert(
    fc.property(mark, value, (key, given) => {
      try {
        return read(JSON.stringify({ ...node, [key]: given })).kind !== "node";
      } catch (error) {
        return error instanceof IpamError;
      }
    }),
  );
  expect(read(JSON.stringify({ ...node, type: "kube-ipam" })).kind).toBe("node");
});

test("a pipe is refused, not waited for", () => {
  const path = join(folder, "pipe");
  Bun.spawnSync(["mkfifo", path]);
  expect(() => readConfiguration(path)).toThrow("is not a regular file");
});

test("a runtime's file is a network's: neither the node's file nor a definition", () => {
  const file = (text: string) => {
    const path = join(folder, "network.conf");
    writeFileSync(path, text);
    return path;
  };
  expect(
    readNetworkFile(file(JSON.stringify(multus(lan, { ...lan, name: "wan" })))).map(({ name }) => name),
  ).toEqual(["lan", "wan"]);
  expect(() => readNetworkFile(file('{"dataDir":"/d"}'))).toThrow(
    "is no network's configuration, but a node's file",
  );
  expect(() => readNetworkFile(file(JSON.stringify(defined("lan", lan))))).toThrow(
    "but an object of Kubernetes",
  );
});

function read(text: string) {
  const path = join(folder, "configuration.json");
  writeFileSync(path, text);
  return readConfiguration(path);
}

function network(text: string): unknown {
  const given = read(text);
  return given.kind === "network" ? JSON.parse(given.stdin) : given;
}
