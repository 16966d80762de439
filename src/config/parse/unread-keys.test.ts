import { describe, expect, test } from "bun:test";
import { type Keys, parseIpam, parseText, refusalOf, showSets } from "../testing/parse.ts";

/** Keys that nothing reads: refused where they say which addresses or which store are meant. */

const SUBNET = { subnet: "10.4.0.0/16" };
const refused = (ipam: Keys, top: Keys = {}) => refusalOf(() => parseIpam(ipam, { top })).message;

describe("C40: other plugins' words are refused with whose they are and ours", () => {
  test.each<[Keys, string, string]>([
    [{ addresses: [{ address: "10.4.5.6/16" }] }, "ipam.addresses", "static's key, not one of kube-ipam"],
    [{ range: "10.4.9.0/24" }, "ipam.range", 'whereabouts\' key, not one of kube-ipam: write "subnet"'],
    [
      { range_start: "10.4.1.10" },
      "ipam.range_start",
      'whereabouts\' key, not one of kube-ipam: write "rangeStart"',
    ],
    [
      { Range_End: "10.4.1.20" },
      "ipam.Range_End",
      'whereabouts\' key, not one of kube-ipam: write "rangeEnd"',
    ],
    [
      { ipRanges: [{ range: "10.4.9.0/24" }] },
      "ipam.ipRanges",
      'whereabouts\' key, not one of kube-ipam: write "ranges"',
    ],
    [{ omit_ranges: ["10.4.0.0/24"] }, "ipam.omit_ranges", 'write "exclude"'],
    [{ omitRanges: ["10.4.0.0/24"] }, "ipam.omitRanges", 'write "exclude"'],
    [{ network_name: "x" }, "ipam.network_name", 'write "addressSpace"'],
    [{ etcd_host: "e:2379" }, "ipam.etcd_host", 'write "etcdURL" in "etcdConfig"'],
    [{ etcdConf: {} }, "ipam.etcdConf", 'no key of kube-ipam: write "etcdConfig"'],
    [{ ipv4_pools: ["p"] }, "ipam.ipv4_pools", "Calico's key"],
    [{ assign_ipv6: "true" }, "ipam.assign_ipv6", "Calico's key"],
    [{ default_ipv4_ippool: ["p"] }, "ipam.default_ipv4_ippool", "Spiderpool's key"],
    [{ ippools: ["p"] }, "ipam.ippools", "Antrea's key"],
    [{ ipAddress: "10.4.0.9" }, "ipam.ipAddress", "Azure's key"],
    [{ "ipv4-address": "10.4.0.9" }, "ipam.ipv4-address", "Amazon's key"],
    [{ ips: ["10.4.0.9"] }, "ipam.ips", "no key of kube-ipam"],
    [{ gw: "10.4.0.9" }, "ipam.gw", 'no key of kube-ipam: write "gateway"'],
    [
      { ranges: [[{ ...SUBNET, range_start: "10.4.1.10" }]] },
      "ipam.ranges[0][0].range_start",
      "whereabouts'",
    ],
  ])("%j", (ipam, path, text) => {
    const message = refused("ranges" in ipam ? ipam : { ...SUBNET, ...ipam });
    expect(message).toStartWith(`${path} is `);
    expect(message).toContain(text);
  });

  test("C41: and so where nothing of ours says which addresses are meant", () => {
    expect(refused({ range: "10.4.0.0/16", range_start: "10.4.1.10" })).toBe(
      'ipam.range is whereabouts\' key, not one of kube-ipam: write "subnet", with "rangeStart" and "rangeEnd" for a part of it',
    );
  });

  test("what says no addresses is no error: how others store, log and check", () => {
    const theirs = {
      datastore: "kubernetes",
      kubernetes: {},
      log_level: "debug",
      enable_overlapping_ranges: true,
    };
    const { warnings } = parseIpam({
      ...SUBNET,
      ...theirs,
      dns: {},
      environment: "azure",
      "min-allocate": 3,
    });
    expect(warnings).toHaveLength(7);
    expect(warnings).toContain("ipam.log_level is not known and is ignored: did you mean logLevel?");
  });
});

describe("C43: our own keys where they do not count are refused with the right place", () => {
  const range = 'into "ipam", or into a range of its "ranges"';
  test.each<[Keys, Keys, string]>([
    [
      SUBNET,
      { exclude: ["10.4.0.2/31"] },
      `exclude does not count where it stands: exclude belongs ${range}`,
    ],
    [
      SUBNET,
      { RangeStart: "10.4.0.9" },
      `RangeStart does not count where it stands: rangeStart belongs ${range}`,
    ],
    [SUBNET, { gateway: "10.4.0.9" }, `gateway does not count where it stands: gateway belongs ${range}`],
    [SUBNET, { ranges: [[SUBNET]] }, 'ranges does not count where it stands: ranges belongs into "ipam"'],
    [SUBNET, { etcdConfig: { etcdURL: "http://e" } }, "etcdConfig does not count where it stands: "],
    [
      SUBNET,
      { ips: ["10.4.0.9"] },
      'ips does not count where it stands: ips belongs into "args": {"cni": {…}}',
    ],
    [SUBNET, { args: { ips: ["10.4.0.9"] } }, "args.ips does not count where it stands: "],
    [SUBNET, { args: { cni: { exclude: [] } } }, "args.cni.exclude does not count where it stands: "],
    [SUBNET, { args: { cni: { ip: ["10.4.0.9"] } } }, "args.cni.ip is not known: did you mean ips?"],
    [SUBNET, { arg: { cni: { ips: ["10.4.0.9"] } } }, "arg is not known: did you mean args?"],
    [
      SUBNET,
      { runtimeConfig: { ipRange: [] } },
      "runtimeConfig.ipRange is not known: did you mean ipRanges?",
    ],
    [
      SUBNET,
      { runtimeConfig: { "io.kubernetes.cri.pod-annotation": { "kube-ipam.ip": "10.4.0.9" } } },
      "runtimeConfig.io.kubernetes.cri.pod-annotation is not known: did you mean io.kubernetes.cri.pod-annotations?",
    ],
    [
      { ...SUBNET, args: { cni: {} } },
      {},
      'ipam.args does not count where it stands: args belongs beside "ipam"',
    ],
    [{ ...SUBNET, namespaces: ["a"] }, {}, "ipam.namespaces does not count where it stands: "],
    [
      { ...SUBNET, etcdURL: "http://e" },
      {},
      'ipam.etcdURL does not count where it stands: etcdURL belongs into "etcdConfig"',
    ],
    [
      { ...SUBNET, etcdConfig: { etcdURL: "http://e", addressSpace: "x" } },
      {},
      "ipam.etcdConfig.addressSpace does not count where it stands: ",
    ],
    [
      { ...SUBNET, routes: [{ dst: "0.0.0.0/0", gateway: "10.4.0.9" }] },
      {},
      "ipam.routes[0].gateway does not count where it stands: ",
    ],
    [
      { ranges: [[{ ...SUBNET, pool: "db" }]] },
      {},
      "ipam.ranges[0][0].pool does not count where it stands: ",
    ],
    [
      { ranges: [[{ ...SUBNET, addressSpace: "x" }]] },
      {},
      "ipam.ranges[0][0].addressSpace does not count where it stands: ",
    ],
  ])("%j beside %j", (ipam, top, message) => {
    expect(refused(ipam, top)).toStartWith(message);
  });

  test("C44: main plugins keep their own keys beside ipam", () => {
    const top = {
      ...{ bridge: "cni0", isGateway: true, ipMasq: true, mtu: 1400, vlan: 5, mode: "l2", master: "eth0" },
      ...{ dns: {}, nodename: "n", kubeconfig: "/k", dataDir: "/d", logFile: "/l", logLevel: "debug" },
      ...{ etcd_endpoints: "http://e", etcd_key_file: "/k", gateway: { ip: "10.4.0.9", mac: "0a:…" } },
      ...{
        capabilities: { ips: true, ipRanges: true, mac: true },
        policy: { type: "k8s" },
        subnets: "10.0.0.0/8",
      },
      ...{ args: { cni: { labels: [], mac: "x" }, "org.apache.mesos": { network_info: {} } } },
      ...{ runtimeConfig: { mac: "x", portMappings: [], dns: {}, bandwidth: {}, deviceID: "0000:00:00.1" } },
    };
    expect(parseIpam(SUBNET, { top })).toEqual(parseIpam(SUBNET));
  });
});

describe("C46: near misses are refused with the right key", () => {
  test.each([
    ["excludes", "exclude"],
    ["rangStart", "rangeStart"],
    ["rangesStart", "rangeStart"],
    ["rangeStrat", "rangeStart"],
    ["gatway", "gateway"],
    ["subnets", "subnet"],
    ["range-end", "rangeEnd"],
    ["fixed_start", "fixedStart"],
    ["route", "routes"],
    ["adressSpace", "addressSpace"],
    ["etcdConfigs", "etcdConfig"],
    ["nodLocal", "nodeLocal"],
    ["anotations", "annotations"],
  ])("%s", (key, right) => {
    expect(refused({ ...SUBNET, [key]: "10.4.0.9" })).toBe(
      `ipam.${key} is not known: did you mean ${right}?`,
    );
  });
});

test("C47: of any number of other keys the log has some, and counts the rest; null says nothing", () => {
  const keys = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`colour${index}`, 1]));
  const { warnings } = parseIpam({ ...SUBNET, ...keys, ["x".repeat(9_000)]: 1, addresses: null });
  expect(warnings).toHaveLength(17);
  expect(warnings.at(-1)).toBe("4985 more remarks on this configuration are left out");
  expect(parseIpam({ ...SUBNET, ["x".repeat(9_000)]: 1 }).warnings[0]?.length).toBeLessThan(120);
});

test.each(["del", "gc", "check"] as const)(
  "C48: %s goes on, and the log says what it does without",
  (purpose) => {
    const keys =
      '"range":"10.9.0.0/16","excludes":[],"pools":{},"Subnet":"10.8.0.0/16","subnet":"10.4.0.0/16"';
    const stdin = `{"cniVersion":"1.1.0","name":"net1","exclude":["10.4.0.2"],"ipam":{"type":"kube-ipam",${keys}}}`;
    expect(() => parseText(stdin)).toThrow();
    const configuration = parseText(stdin, { purpose, file: '{"namespaces":[],"loglevels":1}' });
    expect(configuration.warnings).toHaveLength(7);
    expect(configuration.warnings[0]).toBe(
      'ipam.subnet is there twice: as "Subnet" and as "subnet"; ignored, as this operation does not need it',
    );
    if (purpose === "check") expect(showSets(configuration)[0]?.[0]).toStartWith("10.4.0.0/16");
  },
);
