import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress } from "../../address/address.ts";
import type { Interval } from "../../address/interval.ts";
import { IpamError } from "../errors.ts";
import { network } from "../testing/networks.ts";
import type { FixedAddress } from "../wish.ts";
import type { Annotations } from "./annotation.ts";
import { readAnnotations } from "./annotations.ts";

const asked = { network: network("net", "10.1.2.0/24", "fd00::/64"), ifname: "eth0" };

/** "10.1.2.5/16 via 10.1.0.1 (kube-ipam.ip)" */
function describeFixed({ address, prefix, gateway, source }: FixedAddress): string {
  const mask = prefix === undefined ? "" : `/${prefix}`;
  const via = gateway === undefined ? "" : ` via ${formatAddress(gateway)}`;
  return `${formatAddress(address)}${mask}${via} (${source})`;
}

function describeSet(set: readonly Interval[] | undefined): string[] {
  return (set ?? []).map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`);
}

function failure(annotations: Annotations, of = asked): string {
  try {
    readAnnotations(annotations, of);
    return "no error";
  } catch (error) {
    if (!(error instanceof IpamError)) throw error;
    return `${error.code} ${error.message}; ${error.details}`;
  }
}

describe("kube-ipam.ip", () => {
  const cases: [string, Annotations, string[]][] = [
    ["absent", {}, []],
    ["empty, all three", { "kube-ipam.ip": "", "kube-ipam.netmask": "", "kube-ipam.gateway": " " }, []],
    [
      "the original's example",
      { "kube-ipam.ip": "10.1.2.216", "kube-ipam.netmask": "255.255.0.0", "kube-ipam.gateway": "10.1.0.1" },
      ["10.1.2.216/16 via 10.1.0.1 (kube-ipam.ip)"],
    ],
    ["outer blanks", { "kube-ipam.ip": " 10.1.2.5 " }, ["10.1.2.5 (kube-ipam.ip)"]],
    ["with a prefix", { "kube-ipam.ip": "10.1.2.5/16" }, ["10.1.2.5/16 (kube-ipam.ip)"]],
    [
      "with the same prefix twice",
      { "kube-ipam.ip": "10.1.2.5/16", "kube-ipam.netmask": "16" },
      ["10.1.2.5/16 (kube-ipam.ip)"],
    ],
    [
      "netmask /16",
      { "kube-ipam.ip": "10.1.2.5", "kube-ipam.netmask": "/16" },
      ["10.1.2.5/16 (kube-ipam.ip)"],
    ],
    ["netmask 16", { "kube-ipam.ip": "10.1.2.5", "kube-ipam.netmask": "16" }, ["10.1.2.5/16 (kube-ipam.ip)"]],
    [
      "netmask 255.255.255.255",
      { "kube-ipam.ip": "10.1.2.5", "kube-ipam.netmask": "255.255.255.255" },
      ["10.1.2.5/32 (kube-ipam.ip)"],
    ],
    [
      "gateway by the subnet's own mask",
      { "kube-ipam.ip": "10.1.2.5", "kube-ipam.gateway": "10.1.2.254" },
      ["10.1.2.5 via 10.1.2.254 (kube-ipam.ip)"],
    ],
    [
      "IPv6, not canonical",
      { "kube-ipam.ip": "FD00:0::10", "kube-ipam.netmask": "64" },
      ["fd00::10/64 (kube-ipam.ip)"],
    ],
    ["IPv4-mapped", { "kube-ipam.ip": "::ffff:10.1.2.5" }, ["10.1.2.5 (kube-ipam.ip)"]],
    [
      "dual stack, gateways by family",
      {
        "kube-ipam.ip": "10.1.2.5, fd00::5",
        "kube-ipam.netmask": "24,64",
        "kube-ipam.gateway": "fd00::1,10.1.2.1",
      },
      ["10.1.2.5/24 via 10.1.2.1 (kube-ipam.ip)", "fd00::5/64 via fd00::1 (kube-ipam.ip)"],
    ],
    [
      "dual stack, one dotted netmask and one gateway",
      {
        "kube-ipam.ip": "fd00::5,10.1.2.5",
        "kube-ipam.netmask": "255.255.0.0",
        "kube-ipam.gateway": "10.1.0.1",
      },
      ["fd00::5 (kube-ipam.ip)", "10.1.2.5/16 via 10.1.0.1 (kube-ipam.ip)"],
    ],
    [
      "by network before the plain key",
      { "kube-ipam.ip": "10.1.2.5", "kube-ipam.ip/net": "10.1.2.6", "kube-ipam.netmask": "16" },
      ["10.1.2.6 (kube-ipam.ip/net)"],
    ],
    [
      "by interface before the network",
      {
        "kube-ipam.ip/net": "10.1.2.6",
        "kube-ipam.ip/eth0": "10.1.2.7",
        "kube-ipam.gateway/eth0": "10.1.2.9",
      },
      ["10.1.2.7 via 10.1.2.9 (kube-ipam.ip/eth0)"],
    ],
  ];
  test.each(cases)("%s", (_name, annotations, expected) => {
    expect(readAnnotations(annotations, asked).fixed.map(describeFixed)).toEqual(expected);
  });
});

describe("J44: each key fills the range sets that a stronger one does not name", () => {
  const wanted = (annotations: Annotations) => {
    const { fixed, set } = readAnnotations(annotations, asked);
    return [...fixed.map(describeFixed), ...describeSet(set)];
  };
  const cases: [Annotations, string[]][] = [
    [
      { "kube-ipam.ip/eth0": "fd00::7", "kube-ipam.ip": "10.1.2.7" },
      ["fd00::7 (kube-ipam.ip/eth0)", "10.1.2.7 (kube-ipam.ip)"],
    ],
    [
      { "kube-ipam.ip/net": "10.1.2.7/24", "kube-ipam.ip": "10.1.2.9,fd00::9", "kube-ipam.netmask": "24,64" },
      ["10.1.2.7/24 (kube-ipam.ip/net)", "fd00::9/64 (kube-ipam.ip)"],
    ],
    [
      { "kube-ipam.ip": "10.1.2.7", "kube-ipam.ips": "fd00::7-fd00::9" },
      ["10.1.2.7 (kube-ipam.ip)", "fd00::7-fd00::9"],
    ],
    [
      { "kube-ipam.ips/eth0": "fd00::7", "kube-ipam.ips": "10.1.2.7-10.1.2.8,fd00::9" },
      ["fd00::7-fd00::7", "10.1.2.7-10.1.2.8"],
    ],
  ];
  test.each(cases)("%j", (annotations, expected) => {
    expect(wanted(annotations)).toEqual(expected);
  });

  test("an address and a list for one range set are refused, in whatever scopes", () => {
    const text = "expected either this or kube-ipam.ip, not both for one range set";
    for (const key of ["kube-ipam.ips", "kube-ipam.ips/eth0"])
      expect(failure({ "kube-ipam.ip": "10.1.2.7", [key]: "fd00::7,10.1.2.8" })).toContain(text);
  });
});

describe("malformed values name key, value and what would be right", () => {
  const ip = "10.1.2.5";
  const end = "; nothing is allocated: correct the annotation in the pod or its template";
  const address = `expected an IP address such as 10.1.2.5, or one per family separated by a comma${end}`;
  const mask = `expected a netmask such as 255.255.0.0, /16 or 16${end}`;
  const cases: [Annotations, string][] = [
    ...[
      "10.1.2",
      "10.1.2.300",
      "10.1.2.5/24/8",
      "10.1. 2.5",
      "010.1.2.5",
      "10.1.2.5,",
      "db-0",
      "10.1.2.5-10.1.2.6",
    ].map((value): [Annotations, string] => [
      { "kube-ipam.ip": value },
      `103 annotation kube-ipam.ip has the value '${value}'; ${address}`,
    ]),
    [
      { "kube-ipam.ip": "10.1.2.5/33" },
      `103 annotation kube-ipam.ip has the value '10.1.2.5/33'; expected a prefix length from 1 to 32 after the slash${end}`,
    ],
    [
      { "kube-ipam.ip": "10.1.2.5,10.1.2.5" },
      `103 annotation kube-ipam.ip has the value '10.1.2.5,10.1.2.5'; expected each address once${end}`,
    ],
    [
      { "kube-ipam.netmask": "16" },
      `103 annotation kube-ipam.ip has the value ''; expected an address, since its netmask or gateway is given, or none of the three${end}`,
    ],
    [
      { "kube-ipam.ip": "", "kube-ipam.gateway": "10.1.2.1" },
      `103 annotation kube-ipam.ip has the value ''; expected an address, since its netmask or gateway is given, or none of the three${end}`,
    ],
    ...["255.0.255.0", "33", "0", "foo", "0.0.0.0", "-1", "255.255.0"].map((value): [Annotations, string] => [
      { "kube-ipam.ip": ip, "kube-ipam.netmask": value },
      `103 annotation kube-ipam.netmask has the value '${value}'; ${mask}`,
    ]),
    [
      { "kube-ipam.ip": "10.1.2.5/24", "kube-ipam.netmask": "16" },
      `103 annotation kube-ipam.netmask has the value '16'; expected /24, which kube-ipam.ip says already${end}`,
    ],
    [
      { "kube-ipam.ip": "10.1.2.5,10.1.2.6", "kube-ipam.netmask": "255.255.0.0" },
      `103 annotation kube-ipam.netmask has the value '255.255.0.0'; expected 2 netmasks, as many as kube-ipam.ip has addresses${end}`,
    ],
    [
      { "kube-ipam.ip": "10.1.2.128", "kube-ipam.netmask": "25" },
      `103 annotation kube-ipam.ip has the value '10.1.2.128'; expected a host address of 10.1.2.128/25, not its first or last${end}`,
    ],
    ...["10.1.3.1", "10.1.2.5", "10.1.2.0", "10.1.2.255"].map((value): [Annotations, string] => [
      { "kube-ipam.ip": ip, "kube-ipam.gateway": value },
      `103 annotation kube-ipam.gateway has the value '${value}'; expected another host of 10.1.2.0/24, the network of 10.1.2.5/24${end}`,
    ]),
    [
      { "kube-ipam.ip": ip, "kube-ipam.gateway": "fd00::1" },
      `103 annotation kube-ipam.gateway has the value 'fd00::1'; expected a gateway of the same family as each address of kube-ipam.ip${end}`,
    ],
    [
      { "kube-ipam.ip": ip, "kube-ipam.gateway": "router" },
      `103 annotation kube-ipam.gateway has the value 'router'; expected an IP address for each gateway${end}`,
    ],
    [
      { "kube-ipam.ip": ip, "kube-ipam.gateway": "fe80::1%eth0" },
      `103 annotation kube-ipam.gateway has the value 'fe80::1%eth0'; expected an IP address without a zone (such as "%eth0") for each gateway${end}`,
    ],
    [
      { "kube-ipam.sticky": "yes" },
      `103 annotation kube-ipam.sticky has the value 'yes'; expected "true" or "false"${end}`,
    ],
    ...["forever", "30", "-5m", "1.5h"].map((value): [Annotations, string] => [
      { "kube-ipam.retain": value },
      `103 annotation kube-ipam.retain has the value '${value}'; expected "delete", "keep", or a time such as "90s", "30m", "12h" or "7d"${end}`,
    ]),
    ...["10.1.2.9-10.1.2.5", "10.1.2.5-fd00::5", "10.1.2.0/28", "a-b", "10.1.2.5-10.1.2.6-10.1.2.7"].map(
      (value): [Annotations, string] => [
        { "kube-ipam.ips": value },
        `103 annotation kube-ipam.ips has the value '${value}'; expected addresses and ranges with the lower end first, ` +
          `such as 10.1.2.10,10.1.2.20-10.1.2.29${end}`,
      ],
    ),
    [
      { "kube-ipam.ips": "10.1.2.5-10.1.2.9,10.1.2.7" },
      `103 annotation kube-ipam.ips has the value '10.1.2.5-10.1.2.9,10.1.2.7'; expected each address once${end}`,
    ],
    [
      { "kube-ipam.ips": "10.1.2.250-10.1.3.5" },
      `103 annotation kube-ipam.ips has the value '10.1.2.250-10.1.3.5'; expected each range inside one subnet ` +
        `of the network (10.1.2.0/24, fd00::/64)${end}`,
    ],
    [
      { "kube-ipam.ip": ip, "kube-ipam.ips": "10.1.2.6" },
      `103 annotation kube-ipam.ips has the value '10.1.2.6'; expected either this or kube-ipam.ip, not both for one range set${end}`,
    ],
    [
      { "kube-ipam.IP": ip },
      `103 annotation kube-ipam.IP has the value '10.1.2.5'; expected the key kube-ipam.ip; the keys are kube-ipam.ip, kube-ipam.netmask, ` +
        `kube-ipam.gateway, kube-ipam.ips, kube-ipam.sticky, kube-ipam.retain, each also with /<network> or /<interface>${end}`,
    ],
  ];
  test.each(cases)("%j", (annotations, expected) => {
    expect(failure(annotations)).toBe(expected);
  });
});

describe("a form that another one goes before", () => {
  const own = { "kube-ipam.ip/eth0": "10.1.2.5" };
  const plainOnes: [Annotations, string][] = [
    [{ ...own, "kube-ipam.ip": "foo" }, "103 annotation kube-ipam.ip has the value 'foo'"],
    [{ ...own, "kube-ipam.ip/net": "foo" }, "103 annotation kube-ipam.ip/net has the value 'foo'"],
    [{ ...own, "kube-ipam.netmask": "24" }, "103 annotation kube-ipam.ip has the value ''"],
    [
      { ...own, "kube-ipam.ip": "10.1.2.6", "kube-ipam.netmask": "x" },
      "103 annotation kube-ipam.netmask has the value 'x'",
    ],
    [
      { ...own, "kube-ipam.ip": "10.1.2.6", "kube-ipam.gateway": "x" },
      "103 annotation kube-ipam.gateway has the value 'x'",
    ],
    [
      { "kube-ipam.ips/eth0": "10.1.2.5", "kube-ipam.ips": "x" },
      "103 annotation kube-ipam.ips has the value 'x'",
    ],
    [
      { "kube-ipam.sticky/eth0": "true", "kube-ipam.sticky": "x" },
      "103 annotation kube-ipam.sticky has the value 'x'",
    ],
    [
      { "kube-ipam.retain/eth0": "keep", "kube-ipam.retain": "x" },
      "103 annotation kube-ipam.retain has the value 'x'",
    ],
    [{ ...own, "kube-ipam.ip/net": "10.9.0.5" }, "102 address 10.9.0.5 (kube-ipam.ip/net) is in no subnet"],
  ];
  test.each(plainOnes)("is read all the same: %j", (annotations, expected) => {
    expect(failure(annotations)).toStartWith(expected);
  });

  test("gives nothing here, and what it names must be some other network's", () => {
    const plain = readAnnotations({ ...own, "kube-ipam.ip": "10.1.2.6,10.9.0.5" }, asked);
    expect(plain.fixed.map(describeFixed)).toEqual(["10.1.2.5 (kube-ipam.ip/eth0)"]);
    expect(plain.unclaimed.map(({ key, text }) => `${key} ${text}`)).toEqual(["kube-ipam.ip 10.9.0.5"]);
  });
});

describe("what is not for this network", () => {
  test("an address outside of it is left for another one", () => {
    const { fixed, unclaimed } = readAnnotations({ "kube-ipam.ip": "10.9.0.5,10.1.2.5" }, asked);
    expect(fixed.map(describeFixed)).toEqual(["10.1.2.5 (kube-ipam.ip)"]);
    expect(unclaimed.map(({ key, text }) => `${key} ${text}`)).toEqual(["kube-ipam.ip 10.9.0.5"]);
  });

  test("a key for another network is left for it", () => {
    const { fixed, unclaimed } = readAnnotations({ "kube-ipam.ip/net1": "10.9.0.5" }, asked);
    expect(fixed).toEqual([]);
    expect(unclaimed).toMatchObject([{ key: "kube-ipam.ip/net1", scope: "net1", text: "10.9.0.5" }]);
    expect(unclaimed.flatMap(({ asks }) => asks.map(({ first }) => formatAddress(first)))).toEqual([
      "10.9.0.5",
    ]);
  });

  test("an address outside of the network that the key names is error 102", () => {
    expect(failure({ "kube-ipam.ip/net": "10.9.0.5" })).toBe(
      "102 address 10.9.0.5 (kube-ipam.ip/net) is in no subnet of the pod's networks; network 'net', which it names, " +
        "has 10.1.2.0/24, fd00::/64; correct the annotation or the network",
    );
  });

  test("annotations of others are nobody's business", () => {
    expect(
      failure({ "kubevirt.io/seen": "x", "example.org/kube-ipam.ip": "z", "app.kube-ipam.ip": "?" }),
    ).toBe("no error");
  });
});

describe("the other keys", () => {
  test("kube-ipam.ips keeps the order in which ordinals take addresses", () => {
    const { set } = readAnnotations({ "kube-ipam.ips": "10.1.2.30, 10.1.2.10-10.1.2.12,fd00::5" }, asked);
    expect(describeSet(set)).toEqual(["10.1.2.30-10.1.2.30", "10.1.2.10-10.1.2.12", "fd00::5-fd00::5"]);
  });

  test.each([
    ["1d12h", 129_600],
    ["90s", 90],
    ["0s", 0],
    ["keep", "keep"],
    ["delete", "delete"],
    ["", "workload"],
  ])("kube-ipam.retain: %p", (value, expected) => {
    expect(readAnnotations({ "kube-ipam.retain": value }, asked).retain).toBe(expected as number);
  });

  test("kube-ipam.sticky by interface overrules the plain one", () => {
    const annotations = { "kube-ipam.sticky": "true", "kube-ipam.sticky/eth0": "false" };
    expect(readAnnotations(annotations, asked).sticky).toBe(false);
    expect(readAnnotations(annotations, { ...asked, ifname: "net1" }).sticky).toBe(true);
  });
});

test("FAIL-CLOSED: any value of kube-ipam.ip is an address, an error, or empty", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.ipV4(),
        fc.ipV6(),
        fc.string({ unit: fc.constantFrom(..."0123456789.,/: -af") }),
      ),
      (value) => {
        const text = failure({ "kube-ipam.ip": value });
        if (text !== "no error") return expect(text).toStartWith("103 ");
        const { fixed, unclaimed } = readAnnotations({ "kube-ipam.ip": value }, asked);
        return expect(fixed.length + unclaimed.length > 0).toBe(value.trim() !== "");
      },
    ),
    { numRuns: 3_000 },
  );
});

test("other programs' keys are no wish for another network", () => {
  const annotations = {
    "kubevirt.io/seen": "x",
    "kube-vip.example.org/ip": "z",
    "example.org/kube-ipam.ip": "?",
  };
  expect(readAnnotations(annotations, asked).unclaimed).toEqual([]);
});
