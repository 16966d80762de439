import { describe, expect, test } from "bun:test";
import { FILE, type Keys, parseIpam, parseText, refusalOf } from "../testing/parse.ts";
import { show } from "../text/wrong-value.ts";

const SUBNET = { subnet: "10.1.2.0/24" };
const REMOVING = ["del", "gc"] as const;
const NEEDING_ALL = ["add", "check", "status"] as const;

test("the defaults are those of the design", () => {
  expect(parseIpam(SUBNET)).toEqual({
    cniVersion: "1.1.0",
    network: {
      name: "net1",
      space: "default",
      sets: [
        {
          ranges: [
            {
              subnet: { address: { family: 4, value: 0x0a010200n }, prefix: 24 },
              dynamic: { first: { family: 4, value: 0x0a010202n }, last: { family: 4, value: 0x0a0102fen } },
              gateway: { family: 4, value: 0x0a010201n },
            },
          ],
        },
      ],
      exclude: [],
      coolingSeconds: 60,
      requireInit: false,
      nodeLocal: false,
    },
    routes: [],
    requestedIps: [],
    node: {
      dataDir: "/var/lib/kube-ipam",
      runDir: "/run/kube-ipam",
      logFile: "/var/log/kube-ipam.log",
      logLevel: "info",
      nodeLocal: false,
    },
    store: { kind: "embedded", dataDir: "/var/lib/kube-ipam" },
    kubernetes: { annotations: "auto", capabilityDeclared: false },
    warnings: [],
  });
});

test("every setting is read", () => {
  const ipam = {
    ...SUBNET,
    resolvConf: "/etc/resolv.conf",
    kubeConfig: "/etc/kubeconfig",
    addressSpace: "wire-a",
    dataDir: "/data",
    runDir: "/run/k",
    logFile: "/log",
    logLevel: "debug",
    nodeName: "node-1.example",
    coolingSeconds: 0,
    nodeLocal: true,
    requireInit: true,
    annotations: "off",
  };
  expect(parseIpam(ipam)).toMatchObject({
    network: { space: "wire-a", coolingSeconds: 0, requireInit: true },
    resolvConf: "/etc/resolv.conf",
    node: {
      dataDir: "/data",
      runDir: "/run/k",
      logFile: "/log",
      logLevel: "debug",
      nodeName: "node-1.example",
      nodeLocal: true,
    },
    store: { kind: "embedded", dataDir: "/data" },
    kubernetes: { kubeConfig: "/etc/kubeconfig", annotations: "off" },
  });
});

describe("wrong values name key, value and what would be right", () => {
  const name =
    "a name of letters, digits, '_', '.' and '-' that begins with a letter or digit and has at most 253 of them";
  test.each<[Keys, string]>([
    [
      { runDir: `/${"a/".repeat(2_048)}` },
      `ipam.runDir must be an absolute path of at most 4095 characters, got ${show("", `/${"a/".repeat(2_048)}`)}`,
    ],
    [{ resolvConf: "resolv.conf" }, 'ipam.resolvConf must be an absolute path, got "resolv.conf"'],
    [{ kubeConfig: 5 }, "ipam.kubeConfig must be an absolute path, got 5"],
    [{ dataDir: "" }, 'ipam.dataDir must be an absolute path, got ""'],
    [{ logFile: "/a\0b" }, 'ipam.logFile must be an absolute path, got "/a\\u0000b"'],
    [{ addressSpace: "a/b" }, `ipam.addressSpace must be ${name}, got "a/b"`],
    [{ nodeName: "-x" }, `ipam.nodeName must be ${name}, got "-x"`],
    [{ logLevel: "INFO" }, 'ipam.logLevel must be "debug" or "info" or "warn" or "error", got "INFO"'],
    [{ coolingSeconds: -1 }, "ipam.coolingSeconds must be an integer from 0 to 86400, got -1"],
    [{ coolingSeconds: "60" }, 'ipam.coolingSeconds must be an integer from 0 to 86400, got "60"'],
    [{ nodeLocal: "true" }, 'ipam.nodeLocal must be true or false, got "true"'],
    [{ requireInit: 1 }, "ipam.requireInit must be true or false, got 1"],
    [{ annotations: false }, 'ipam.annotations must be "auto" or "off", got false'],
    [{ etcdConfig: "http://e" }, 'ipam.etcdConfig must be an object {…}, got "http://e"'],
    [{ name: 5 }, "ipam.name must be a string, got 5"],
    [
      { addressSpace: "x".repeat(300) },
      `ipam.addressSpace must be ${name}, got "${"x".repeat(199)}… (302 characters)`,
    ],
  ])("%j", (ipam, message) => {
    expect(refusalOf(() => parseIpam({ ...SUBNET, ...ipam }))).toEqual({ code: 7, message, details: "" });
  });
});

test("null counts as absent, as in Go", () => {
  const keys = [
    "dataDir",
    "etcdConfig",
    "rangeStart",
    "gateway",
    "exclude",
    "ranges",
    "routes",
    "pool",
    "resolvConf",
  ];
  const nulls = Object.fromEntries(keys.map((key) => [key, null]));
  expect(parseIpam({ ...SUBNET, ...nulls })).toEqual(parseIpam(SUBNET));
});

test('"" counts as absent where the original\'s keys are optional, and nowhere else', () => {
  const empty = (...keys: string[]) => Object.fromEntries(keys.map((key) => [key, ""]));
  const range = empty("rangeStart", "rangeEnd", "fixedStart", "fixedEnd");
  const files = empty("etcdCertFile", "etcdKeyFile", "etcdTrustedCAFileFile", "kubeConfig");
  const etcdConfig = { etcdURL: "http://a" };
  expect(
    parseIpam({
      ...SUBNET,
      ...range,
      ...empty("resolvConf", "kubeConfig"),
      etcdConfig: { ...etcdConfig, ...files },
    }),
  ).toEqual(parseIpam({ ...SUBNET, etcdConfig }));
  for (const key of ["dataDir", "runDir", "logFile", "addressSpace", "nodeName"])
    expect(() => parseIpam({ ...SUBNET, [key]: "" })).toThrow(`ipam.${key} must be`);
});

describe("name, type and version", () => {
  const expected =
    "the network's name, of letters, digits, '_', '.' and '-', that begins with a letter or digit and has at most 253 of them";
  for (const purpose of [...NEEDING_ALL, ...REMOVING]) {
    test.each([
      [undefined, "nothing"],
      [null, "nothing"],
      ["", '""'],
      ["a/b", '"a/b"'],
      ["-a", '"-a"'],
      ["é", '"é"'],
      [5, "5"],
    ])(`A13: ${purpose} with name %j`, (name, got) => {
      expect(refusalOf(() => parseIpam(SUBNET, { top: { name }, purpose }))).toEqual({
        code: 7,
        message: `name must be ${expected}, got ${got}`,
        details: "",
      });
    });

    test.each([
      [
        undefined,
        'ipam must be an object such as {"type": "kube-ipam", "subnet": "10.1.2.0/24"}, got nothing',
      ],
      [[], 'ipam must be an object such as {"type": "kube-ipam", "subnet": "10.1.2.0/24"}, got []'],
      [{}, 'ipam.type must be "kube-ipam", got nothing'],
      [{ type: "host-local" }, 'ipam.type must be "kube-ipam", got "host-local"'],
    ])(`A27: ${purpose} with ipam %j`, (ipam, message) => {
      expect(refusalOf(() => parseIpam(SUBNET, { top: { ipam }, purpose }))).toEqual({
        code: 7,
        message,
        details: "",
      });
    });
  }

  test.each([undefined, null, ""])("A16: cniVersion %j is 0.1.0", (cniVersion) => {
    expect(parseIpam(SUBNET, { top: { cniVersion } }).cniVersion).toBe("0.1.0");
  });

  test("A14: a number is no version", () => {
    expect(refusalOf(() => parseIpam(SUBNET, { top: { cniVersion: 1 } }))).toEqual({
      code: 6,
      message: "cniVersion must be a string, got 1",
      details: "",
    });
  });
});

describe("A28: unknown keys", () => {
  test("of ipam are warned about, those around it are the main plugin's", () => {
    const { warnings } = parseIpam(
      { ...SUBNET, colour: "blue", logLevels: "info" },
      { top: { mode: "bridge", mtu: 9 } },
    );
    expect(warnings).toEqual([
      "ipam.colour is not known and is ignored",
      "ipam.logLevels is not known and is ignored: did you mean logLevel?",
    ]);
  });
});

describe("E5, E6: DEL and GC need no valid range", () => {
  for (const purpose of REMOVING) {
    test.each<Keys>([
      {},
      { subnet: 5 },
      { subnet: "10.1.2.9/31", gateway: "x", ranges: {}, routes: "x", exclude: ["x"], pool: 5 },
      { ranges: [[]] },
    ])(`${purpose}: %j`, (ipam) => {
      const { network, routes, requestedIps, store } = parseIpam(ipam, { purpose });
      expect({ sets: network.sets, routes, requestedIps }).toEqual({
        sets: [],
        routes: [],
        requestedIps: [],
      });
      expect(store).toEqual({ kind: "embedded", dataDir: "/var/lib/kube-ipam" });
    });

    test(`${purpose}: a setting it does not need falls back to its default, with a warning`, () => {
      const { network, node, warnings } = parseIpam(
        { coolingSeconds: "x", logFile: "relative" },
        { purpose },
      );
      expect([network.coolingSeconds, node.logFile]).toEqual([60, "/var/log/kube-ipam.log"]);
      expect(warnings).toEqual([
        'ipam.logFile must be an absolute path, got "relative"; ignored, as logFile is not needed for this operation',
        'ipam.coolingSeconds must be an integer from 0 to 86400, got "x"; ignored, as coolingSeconds is not needed for this operation',
      ]);
    });

    test.each<[Keys, string]>([
      [{ dataDir: "x" }, 'ipam.dataDir must be an absolute path, got "x"'],
      [{ runDir: 5 }, "ipam.runDir must be an absolute path, got 5"],
      [{ nodeName: "" }, "ipam.nodeName must be a name of"],
      [{ etcdConfig: {} }, "ipam.etcdConfig.etcdURL is missing"],
      [{ etcdConfig: { etcdURL: "x" } }, "ipam.etcdConfig.etcdURL must be"],
    ])(`${purpose}: what finds store and node must be right: %j`, (ipam, message) => {
      expect(refusalOf(() => parseIpam(ipam, { purpose })).message).toStartWith(message);
    });

    test(`${purpose}: of the node's file too`, () => {
      const file = { coolingSeconds: "x", subnet: "10.1.2.0/24", etcdConfig: { etcdURL: "http://e" } };
      expect(parseIpam({}, { file, purpose })).toMatchObject({
        store: { endpoints: ["http://e:2379"] },
        network: { coolingSeconds: 60 },
      });
      expect(refusalOf(() => parseIpam({}, { file: { dataDir: "x" }, purpose })).message).toBe(
        `${FILE}: dataDir must be an absolute path, got "x"`,
      );
    });
  }

  test("all other verbs need all of it", () => {
    for (const purpose of NEEDING_ALL) {
      expect(refusalOf(() => parseIpam({}, { purpose })).code).toBe(7);
      expect(refusalOf(() => parseIpam({ ...SUBNET, coolingSeconds: "x" }, { purpose })).code).toBe(7);
    }
  });
});

describe("the node's file", () => {
  test("names itself and the place when it is no JSON", () => {
    for (const purpose of [...NEEDING_ALL, ...REMOVING]) {
      expect(
        refusalOf(() => parseIpam(SUBNET, { file: '{\n  "dataDir": "/a"\n  "runDir": "/b"\n}', purpose })),
      ).toEqual({
        code: 6,
        message: `${FILE} is not valid JSON: line 3, column 3: expected ',' or '}' before "runDir"`,
        details: "a comma is missing at the end of line 2, column 18",
      });
    }
  });

  test("names itself when it is no object", () => {
    expect(refusalOf(() => parseIpam(SUBNET, { file: "[]" })).message).toBe(
      `${FILE} must be a JSON object {…}, got a list`,
    );
  });

  test.each(["subnet", "ranges", "routes", "gateway", "rangeStart", "fixedEnd", "pool", "name"])(
    "does not take the network's own %s",
    (key) => {
      expect(refusalOf(() => parseIpam(SUBNET, { file: { [key]: "x" } }))).toEqual({
        code: 7,
        message: `${FILE}: ${key} must be left to each network's configuration, or to a pool, got "x"`,
        details: `write it below "ipam" of the network, or in "pools": {"name": {"subnets": […]}}`,
      });
    },
  );

  test("has its faults named with its path", () => {
    expect(
      refusalOf(() => parseIpam(SUBNET, { file: { etcdConfig: { etcdURL: "https://e" } } })).message,
    ).toBe(`${FILE}: etcdConfig.etcdURL is https, but ${FILE}: etcdConfig names no certificates`);
    expect(
      parseIpam(SUBNET, { file: { dataDirectory: "/x", etcdConfig: { etcdURL: "http://e", x: 1 } } })
        .warnings,
    ).toEqual([
      `${FILE}: dataDirectory is not known and is ignored`,
      `${FILE}: etcdConfig.x is not known and is ignored`,
    ]);
  });
});

test("broken stdin is error 6, whatever the verb", () => {
  for (const purpose of [...NEEDING_ALL, ...REMOVING]) {
    expect(refusalOf(() => parseText("{", { purpose })).code).toBe(6);
  }
});

test("nothing that comes on stdin throws anything but an IpamError", () => {
  const values = [
    null,
    true,
    0,
    -1,
    1e99,
    "",
    "x",
    "/x",
    "10.1.2.0/24",
    [],
    [[]],
    [[{}]],
    {},
    { a: 1 },
    [null],
    ["x"],
  ];
  const keys = [
    "subnet",
    "ranges",
    "routes",
    "exclude",
    "etcdConfig",
    "gateway",
    "pool",
    "dataDir",
    "coolingSeconds",
  ];
  const tops = [
    "name",
    "ipam",
    "args",
    "runtimeConfig",
    "prevResult",
    "capabilities",
    "cni.dev/attachments",
    "cniVersion",
  ];
  for (const purpose of [...NEEDING_ALL, ...REMOVING]) {
    for (const value of values) {
      for (const key of keys) attempt(() => parseIpam({ ...SUBNET, [key]: value }, { purpose }));
      for (const key of tops) attempt(() => parseIpam(SUBNET, { top: { [key]: value }, purpose }));
      for (const key of keys)
        attempt(() => parseIpam(SUBNET, { file: { [key]: value, pools: value }, purpose }));
    }
  }
});

/** Throws on what is no IpamError; success is as good as a refusal here. */
function attempt(action: () => unknown): void {
  try {
    refusalOf(action);
  } catch (error) {
    if (!String(error).includes("nothing was thrown")) throw error;
  }
}
