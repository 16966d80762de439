import { describe, expect, test } from "bun:test";
import type { NetworkConfiguration } from "../network-configuration.ts";
import type { Purpose } from "../parse/parse-network-configuration.ts";
import { FILE, type Keys, parseIpam, parseText, refusalOf } from "../testing/parse.ts";

/** Who may write a NetworkAttachmentDefinition must not become root on the node or thief of an address. */

const SUBNET = { subnet: "10.1.2.0/24" };
const ETCD = {
  etcdURL: "https://10.0.0.1:2379,https://10.0.0.2:2379",
  etcdCertFile: "/pki/etcd.pem",
  etcdKeyFile: "/pki/etcd-key.pem",
  etcdTrustedCAFile: "/pki/ca.pem",
  username: "ipam",
  passwordFile: "/pki/password",
  kubeConfig: "/etc/kube-ipam/kubeconfig",
};
const NODE = {
  etcdConfig: ETCD,
  dataDir: "/data",
  resolvConf: "/etc/resolv.conf",
  nodeName: "node-1",
  requireInit: true,
};

const REMEDY =
  "only the node's administrator sets paths, stores, credentials, prefixes and address spaces: remove the key from " +
  `the network's configuration, or set it in ${FILE}`;

const refused = (ipam: Keys, file: Keys = NODE) =>
  refusalOf(() => parseIpam({ ...SUBNET, ...ipam }, { file }));
const locked = (path: string, rest: string) => ({
  code: 7,
  message: `${path} is locked by ${FILE}: it ${rest}`,
  details:
    path === "ipam.dataDir"
      ? REMEDY.replace(
          /remove.*/,
          `remove dataDir: it is host-local's, for leases that kube-ipam does not have; kube-ipam's own is set in ${FILE}`,
        )
      : REMEDY,
});

describe("a network may not set to another value", () => {
  test.each<[Keys, string, string]>([
    [{ dataDir: "/tmp/evil" }, "ipam.dataDir", 'must be "/data" or left out, got "/tmp/evil"'],
    [{ runDir: "/tmp/evil" }, "ipam.runDir", 'must be "/run/kube-ipam" or left out, got "/tmp/evil"'],
    [
      { logFile: "/root/.ssh/authorized_keys" },
      "ipam.logFile",
      'must be "/var/log/kube-ipam.log" or left out, got "/root/.ssh/authorized_keys"',
    ],
    [
      { resolvConf: "/etc/shadow" },
      "ipam.resolvConf",
      'must be "/etc/resolv.conf" or left out, got "/etc/shadow"',
    ],
    [
      { kubeConfig: "/tmp/k" },
      "ipam.kubeConfig",
      'must be "/etc/kube-ipam/kubeconfig" or left out, got "/tmp/k"',
    ],
    [{ addressSpace: "mine" }, "ipam.addressSpace", 'must be "default" or left out, got "mine"'],
    [{ nodeName: "node-2" }, "ipam.nodeName", 'must be "node-1" or left out, got "node-2"'],
    [{ nodeLocal: true }, "ipam.nodeLocal", "must be false or left out, got true"],
    [{ requireInit: false }, "ipam.requireInit", "must be true or left out, got false"],
    [
      { etcdConfig: { kubeConfig: "/tmp/k" } },
      "ipam.kubeConfig",
      'must be "/etc/kube-ipam/kubeconfig" or left out, got "/tmp/k"',
    ],
    [
      { etcdConfig: { ...ETCD, etcdURL: "http://evil:2379" } },
      "ipam.etcdConfig.etcdURL",
      'must be ["https://10.0.0.1:2379","https://10.0.0.2:2379"] or left out, got ["http://evil:2379"]',
    ],
    [
      { etcdConfig: { etcdCertFile: "/etc/shadow" } },
      "ipam.etcdConfig.etcdCertFile",
      'must be "/pki/etcd.pem" or left out, got "/etc/shadow"',
    ],
    [
      { etcdConfig: { etcdTrustedCAFileFile: "/tmp/ca" } },
      "ipam.etcdConfig.etcdTrustedCAFileFile",
      'must be "/pki/ca.pem" or left out, got "/tmp/ca"',
    ],
    [
      { etcdConfig: { prefix: "/elsewhere" } },
      "ipam.etcdConfig.prefix",
      'must be "/kube-ipam/v1" or left out, got "/elsewhere"',
    ],
    [
      { etcdConfig: { requestTimeout: 30 } },
      "ipam.etcdConfig.requestTimeout",
      "must be 5000 or left out, got 30000",
    ],
    [
      { etcdConfig: { username: "root" } },
      "ipam.etcdConfig.username",
      'must be "ipam" or left out, got "root"',
    ],
    [
      { etcdConfig: { password: "geheim" } },
      "ipam.etcdConfig.password",
      "may not be set by a network, got (not shown)",
    ],
    [
      { etcdConfig: { passwordFile: "/etc/shadow" } },
      "ipam.etcdConfig.passwordFile",
      'must be "/pki/password" or left out, got "/etc/shadow"',
    ],
  ])("%j", (ipam, path, rest) => {
    expect(refused(ipam)).toEqual(locked(path, rest));
  });
});

describe("an empty file locks as well", () => {
  test.each<[Keys, string, string]>([
    [
      { resolvConf: "/etc/resolv.conf" },
      "ipam.resolvConf",
      'may not be set by a network, got "/etc/resolv.conf"',
    ],
    [{ kubeConfig: "/k" }, "ipam.kubeConfig", 'may not be set by a network, got "/k"'],
    [{ nodeName: "node-2" }, "ipam.nodeName", 'may not be set by a network, got "node-2"'],
    [{ dataDir: "/tmp/evil" }, "ipam.dataDir", 'must be "/var/lib/kube-ipam" or left out, got "/tmp/evil"'],
    [
      { etcdConfig: { etcdURL: "http://evil", password: "geheim" } },
      "ipam.etcdConfig",
      'may not be set by a network, got {"etcdURL":["http://evil:2379"],"password":"(not shown)"}',
    ],
    [{ etcdConfig: {} }, "ipam.etcdConfig", "may not be set by a network, got {}"],
  ])("%j", (ipam, path, rest) => {
    expect(refused(ipam, {})).toEqual(locked(path, rest));
  });
});

test("the same value is fine, in any spelling", () => {
  const etcdConfig = {
    ...ETCD,
    etcdURL: "https://10.0.0.1, HTTPS://10.0.0.2:2379/,",
    etcdTrustedCAFile: null,
    etcdTrustedCAFileFile: "/pki/ca.pem",
    prefix: "/kube-ipam/v1/",
    requestTimeout: "5s",
  };
  const same = {
    ...NODE,
    etcdConfig,
    addressSpace: "default",
    logFile: "/var/log/kube-ipam.log",
    nodeLocal: false,
  };
  expect(parseIpam({ ...SUBNET, ...same }, { file: NODE })).toEqual(parseIpam(SUBNET, { file: NODE }));
});

test("what is in force then is the file's, whole", () => {
  const { store, node, kubernetes, resolvConf, network } = parseIpam(SUBNET, { file: NODE });
  expect(store).toEqual({
    kind: "etcd",
    endpoints: ["https://10.0.0.1:2379", "https://10.0.0.2:2379"],
    certFile: "/pki/etcd.pem",
    keyFile: "/pki/etcd-key.pem",
    trustedCaFile: "/pki/ca.pem",
    username: "ipam",
    passwordFile: "/pki/password",
    prefix: "/kube-ipam/v1",
    dialTimeoutMs: 1_500,
    requestTimeoutMs: 5_000,
  });
  expect(node).toMatchObject({ dataDir: "/data", nodeName: "node-1", runDir: "/run/kube-ipam" });
  expect(kubernetes.kubeConfig).toBe("/etc/kube-ipam/kubeconfig");
  expect(resolvConf).toBe("/etc/resolv.conf");
  expect(network).toMatchObject({ space: "default", requireInit: true });
});

test("what is not locked is a default under the network's own word", () => {
  const file = { coolingSeconds: 5, logLevel: "debug", annotations: "off", exclude: ["10.1.2.9"] };
  const own = { coolingSeconds: 7, logLevel: "warn", annotations: "auto", exclude: ["10.1.2.8"] };
  const byFile = parseIpam(SUBNET, { file });
  expect(byFile).toMatchObject({
    network: { coolingSeconds: 5 },
    node: { logLevel: "debug" },
    kubernetes: { annotations: "off" },
  });
  const byNetwork = parseIpam({ ...SUBNET, ...own }, { file });
  expect(byNetwork).toMatchObject({
    network: { coolingSeconds: 7 },
    node: { logLevel: "warn" },
    kubernetes: { annotations: "auto" },
  });
  expect(byNetwork.network.exclude.map(({ first }) => first.value & 0xffn)).toEqual([9n, 8n]);
});

test("without the file nothing is locked: then the network is an administrator's", () => {
  const keys = {
    dataDir: "/d",
    runDir: "/r",
    logFile: "/l",
    resolvConf: "/c",
    kubeConfig: "/k",
    addressSpace: "wire",
  };
  const { node, resolvConf, kubernetes, network } = parseIpam({ ...SUBNET, ...keys });
  expect(node).toMatchObject({ dataDir: "/d", runDir: "/r", logFile: "/l" });
  expect([resolvConf, kubernetes.kubeConfig, network.space]).toEqual(["/c", "/k", "wire"]);
});

describe("side doors", () => {
  test("args and runtimeConfig set nothing but addresses", () => {
    const evil = {
      dataDir: "/tmp",
      etcdConfig: { etcdURL: "http://evil" },
      addressSpace: "mine",
      pool: "db",
    };
    const top = { args: { cni: evil, ...evil }, runtimeConfig: evil, ...evil };
    expect(refusalOf(() => parseIpam(SUBNET, { file: NODE, top })).code).toBe(7);
    const { warnings, ...checked } = parseIpam(SUBNET, { file: NODE, top, purpose: "check" });
    expect(warnings).toContain(
      'args.cni.pool does not count where it stands: pool belongs into "ipam"; ignored, as this operation does not need it',
    );
    expect(checked).toEqual(withoutWarnings(parseIpam(SUBNET, { file: NODE, purpose: "check" })));
  });

  test.each(["DataDir", "datadir", "DATADIR", "RunDir", "LogFile", "ResolvConf"])(
    "C37: nor does %s",
    (key) => {
      expect(refusalOf(() => parseIpam({ ...SUBNET, [key]: "/tmp/evil" }, { file: NODE }))).toMatchObject({
        code: 7,
        message: expect.stringMatching(/^ipam\.(dataDir|runDir|logFile|resolvConf) is locked by /),
      });
    },
  );

  test("C37: nor another spelling of etcdConfig or what it holds", () => {
    const etcdURL = "http://evil:2379";
    for (const ipam of [{ EtcdConfig: { etcdURL } }, { etcdconfig: { ETCDURL: etcdURL } }]) {
      expect(refusalOf(() => parseIpam({ ...SUBNET, ...ipam }, { file: NODE })).message).toStartWith(
        "ipam.etcdConfig.etcdURL is locked by ",
      );
    }
  });

  test("__proto__ and constructor are keys like any other: unknown", () => {
    const stdin = JSON.stringify({
      cniVersion: "1.1.0",
      name: "net1",
      ipam: { type: "kube-ipam", ...SUBNET },
    }).replace(
      '"type"',
      '"__proto__":{"dataDir":"/tmp/evil","pool":"db"},"constructor":{"prototype":{"dataDir":"/tmp/evil"}},"type"',
    );
    const ipam = JSON.parse(stdin).ipam as Keys;
    expect(Object.keys(ipam)).toContain("__proto__");
    const { node, warnings } = parseIpamText(stdin);
    expect(node.dataDir).toBe("/data");
    expect(warnings).toEqual([
      "ipam.__proto__ is not known and is ignored",
      "ipam.constructor is not known and is ignored",
    ]);
    expect(Object.hasOwn(Object.prototype, "dataDir")).toBe(false);
  });

  test("__proto__ inside etcdConfig sets nothing", () => {
    const stdin = `{"cniVersion":"1.1.0","name":"net1","ipam":{"type":"kube-ipam","subnet":"10.1.2.0/24",
      "etcdConfig":{"__proto__":{"etcdURL":"http://evil"}}}}`;
    const { store } = parseIpamText(stdin);
    expect(store).toMatchObject({ endpoints: ["https://10.0.0.1:2379", "https://10.0.0.2:2379"] });
  });

  test("C38: a key that is there twice says nothing, and for a DEL the last one", () => {
    const stdin = `{"name":"net1","ipam":{"type":"kube-ipam","subnet":"10.1.2.0/24","dataDir":"/data","dataDir":"/tmp/evil"}}`;
    expect(refusalOf(() => parseIpamText(stdin))).toEqual({
      code: 7,
      message: "ipam.dataDir is there twice",
      details: "keep the one that is meant",
    });
    expect(parseIpamText(stdin, "del").node.dataDir).toBe("/data");
  });

  for (const dataDir of [{}, [], 5, true]) {
    test(`a locked key of the wrong type, ${JSON.stringify(dataDir)}, is refused as such`, () => {
      expect(refused({ dataDir })).toEqual({
        code: 7,
        message: `ipam.dataDir must be an absolute path, got ${JSON.stringify(dataDir)}`,
        details: "",
      });
    });
  }
});

/** What an ADD began before the file was there, or changed, must come to its end. */
describe("E34: DEL, GC and CHECK", () => {
  const cases: readonly (readonly [Keys, string])[] = [
    [
      { resolvConf: "/etc/shadow" },
      'ipam.resolvConf is locked by FILE: it must be "/etc/resolv.conf" or left out',
    ],
    [{ logFile: "/tmp/evil" }, "ipam.logFile is locked by FILE"],
    [{ kubeConfig: "/tmp/k" }, "ipam.kubeConfig is locked by FILE"],
    [{ addressSpace: "mine" }, "ipam.addressSpace is locked by FILE"],
    [{ dataDir: "/tmp/evil" }, "ipam.dataDir is locked by FILE"],
    [{ runDir: "/x" }, "ipam.runDir is locked by FILE"],
    [{ nodeName: "x" }, "ipam.nodeName is locked by FILE"],
    [{ etcdConfig: { prefix: "/x" } }, "ipam.etcdConfig.prefix is locked by FILE"],
    [{ etcdConfig: { etcdURL: "https://10.0.0.1:2379" } }, "ipam.etcdConfig.etcdURL is locked by FILE"],
    [
      { etcdConfig: { etcdCertFile: "/old.pem", etcdKeyFile: "/old.key" } },
      "ipam.etcdConfig.etcdCertFile is locked",
    ],
  ];
  for (const purpose of ["del", "gc", "check"] as const) {
    const parsed = (keys: Keys) => parseIpam({ ...SUBNET, ...keys }, { file: NODE, purpose, top: VALID });

    test.each(cases)(`${purpose}: the file is in force over %j, with a warning`, (keys, warning) => {
      const { warnings, ...configuration } = parsed(keys);
      expect(configuration).toEqual(withoutWarnings(parsed({})));
      expect(warnings[0]).toStartWith(warning.replace("FILE", FILE));
      expect(warnings[0]).toEndWith("; ignored: the file is in force");
    });
  }

  test.each<Keys>([
    { etcdConfig: "none" },
    { dataDir: 5 },
    { etcdConfig: { etcdTrustedCAFile: "/a", etcdTrustedCAFileFile: "/b" } },
    { kubeConfig: "/a", etcdConfig: { kubeConfig: "/b" } },
  ])("nor does a wrong value matter of what the file says, %j", (keys) => {
    const configuration = parseIpam({ ...SUBNET, ...keys }, { file: NODE, purpose: "del" });
    expect(withoutWarnings(configuration)).toEqual(
      withoutWarnings(parseIpam(SUBNET, { file: NODE, purpose: "del" })),
    );
    expect(configuration.warnings).not.toEqual([]);
  });

  test("a file that is wrong itself stays an error", () => {
    const file = { ...NODE, etcdConfig: { etcdURL: "nonsense" } };
    expect(refusalOf(() => parseIpam(SUBNET, { file, purpose: "del" })).code).toBe(7);
  });
});

test("the endpoints of etcd are the same in any order", () => {
  const etcdConfig = { etcdURL: "https://10.0.0.2:2379,https://10.0.0.1:2379" };
  expect(parseIpam({ ...SUBNET, etcdConfig }, { file: NODE }).store).toEqual(
    parseIpam(SUBNET, { file: NODE }).store,
  );
});

const VALID = { "cni.dev/valid-attachments": [], prevResult: { cniVersion: "1.1.0", ips: [] } };

function parseIpamText(stdin: string, purpose: Purpose = "add") {
  return parseText(stdin, { file: NODE, purpose });
}

function withoutWarnings({ warnings: _, ...rest }: NetworkConfiguration) {
  return rest;
}
