import { afterAll } from "bun:test";
import fc from "fast-check";
import { parseNetworkConfiguration } from "../../src/config/parse/parse-network-configuration.ts";
import { IpamError } from "../../src/ipam/errors.ts";
import { expectAtMost } from "./bounds.ts";
import { fuzz } from "./fuzz.ts";
import { address, count, json, list, range, subnet, text } from "./hostile.ts";
import { addAndEnd, removeShared } from "./pod.ts";

afterAll(removeShared);

/** A network's configuration, which a tenant with a NetworkAttachmentDefinition writes. */

const sets = fc.oneof(
  fc.array(
    fc.array(
      fc.record(
        { subnet, rangeStart: address, rangeEnd: address, gateway: address },
        { requiredKeys: ["subnet"] },
      ),
      { maxLength: 3 },
    ),
    { maxLength: 3 },
  ),
  count.map((many) => Array.from({ length: many }, (_, n) => [{ subnet: `91.${n >> 8}.${n & 255}.0/24` }])),
  count.map((many) => [Array.from({ length: many }, (_, n) => ({ subnet: `91.${n >> 8}.${n & 255}.0/24` }))]),
);

const ipam = fc.record(
  {
    subnet: fc.oneof({ weight: 4, arbitrary: fc.constant("10.1.0.0/21") }, subnet, json),
    ranges: fc.oneof({ weight: 4, arbitrary: sets }, json),
    rangeStart: fc.oneof(address, json),
    rangeEnd: fc.oneof(address, json),
    fixedStart: fc.oneof(address, json),
    fixedEnd: fc.oneof(address, json),
    gateway: fc.oneof(address, fc.constant("none"), json),
    exclude: fc.oneof(
      fc.array(fc.oneof(address, range, subnet, text), { maxLength: 4 }),
      count.map((many) => Array.from({ length: many }, (_, n) => `10.1.${(n >> 7) & 7}.${(n * 2) & 255}`)),
      json,
    ),
    routes: fc.oneof(
      fc.array(fc.record({ dst: subnet, gw: address }), { maxLength: 3 }),
      count.map((many) => Array.from({ length: many }, (_, n) => ({ dst: `11.${n >> 8}.${n & 255}.0/24` }))),
      json,
    ),
    addressSpace: text,
    pool: text,
    coolingSeconds: json,
    annotations: fc.oneof(fc.constant("off"), json),
    logLevel: json,
    resolvConf: text,
  },
  { requiredKeys: [] },
);

const unknown = fc.oneof(
  fc.dictionary(text, json, { maxKeys: 4 }),
  count.map((many) => Object.fromEntries(Array.from({ length: many }, (_, n) => [`rangeStar${n}`, n]))),
);

const configuration = fc.record({
  name: fc.oneof({ weight: 6, arbitrary: fc.constant("net1") }, text),
  ipam: fc
    .tuple(ipam, fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, unknown))
    .map(([known, more]) => ({ ...more, ...known })),
  top: fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    fc.record({ args: json, runtimeConfig: json, prevResult: json, cniVersion: json }, { requiredKeys: [] }),
    unknown,
    list.map((ips) => ({ args: { cni: { ips: ips.split(",") } } })),
  ),
});

fuzz("configuration through the executable", configuration, ({ name, ipam: written, top }) =>
  addAndEnd({ name, ipam: { subnet: "10.1.0.0/21", ...written }, top }),
);

fuzz("configuration, read", configuration, ({ name, ipam: written, top }) => {
  const stdin = JSON.stringify({
    cniVersion: "1.0.0",
    name,
    type: "macvlan",
    ...top,
    ipam: { ...written, type: "kube-ipam" },
  });
  const before = process.cpuUsage();
  for (const purpose of ["add", "del", "check"] as const) {
    try {
      parseNetworkConfiguration({ stdin, purpose });
    } catch (failure) {
      if (!(failure instanceof IpamError)) throw failure;
    }
  }
  const { user, system } = process.cpuUsage(before);
  expectAtMost("milliseconds of processor time", (user + system) / 1000, 4_000);
});
