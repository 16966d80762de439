import { expect, test } from "bun:test";
import fc from "fast-check";
import { IpamError } from "../../ipam/errors.ts";
import { network } from "../../ipam/testing/networks.ts";
import type { Annotations } from "../../ipam/wish/annotation.ts";
import { readAnnotations } from "../../ipam/wish/annotations.ts";
import { readWishes, refuseBothOfOne } from "./wishes.ts";

const address = fc.constantFrom("10.1.2.5", "10.1.2.6", "10.1.2.255", "fd00::5", "::ffff:10.1.2.7", "x", "");
const entry = fc
  .tuple(address, fc.constantFrom("", "", "/24", "/0", "/33", "/x"))
  .map(([text, prefix]) => text + prefix);
const range = fc.oneof(
  address,
  fc.tuple(address, fc.constant("-"), address).map((parts) => parts.join("")),
);
const list = (of: fc.Arbitrary<string>) => fc.array(of, { minLength: 1, maxLength: 2 }).map(String);
const annotations = fc.record(
  {
    "kube-ipam.ip": list(entry),
    "kube-ipam.netmask": list(fc.constantFrom("24", "/16", "255.255.0.0", "0", "x", "")),
    "kube-ipam.gateway": list(address),
    "kube-ipam.ips": list(range),
    "kube-ipam.sticky": fc.constantFrom("true", "yes", ""),
    "kube-ipam.retain": fc.constantFrom("keep", "1d", "workload", ""),
    "kube-ipam.ipp": fc.constant("10.1.2.5"),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Annotations>;

/** It has every address, as admission must suppose. */
const everywhere = network("net", "0.0.0.0/0", "::/0");

function wordsOf(read: () => unknown): string {
  try {
    read();
    return "taken";
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return `${failure.message}; ${failure.details}`;
  }
}

test("admission and ADD say the same of annotations", () => {
  fc.assert(
    fc.property(annotations, (each) => {
      const asked = { network: everywhere, ifname: "eth0" };
      expect(
        wordsOf(() => {
          readWishes(each);
          refuseBothOfOne(each, everywhere.sets);
        }),
      ).toBe(wordsOf(() => readAnnotations(each, asked)));
    }),
    { numRuns: 3_000 },
  );
});

test("each key is counted once, with the network or interface that it names", () => {
  const { fixed, sets } = readWishes({
    "kube-ipam.ip": "10.1.2.5",
    "kube-ipam.ip/net1": "10.9.0.5",
    "kube-ipam.ips/net2": "10.7.0.5-10.7.0.9",
    "k8s.v1.cni.cncf.io/networks": "a,b",
  });
  expect(fixed.map(({ source, suffix }) => [source, suffix])).toEqual([
    ["kube-ipam.ip", undefined],
    ["kube-ipam.ip/net1", "net1"],
  ]);
  expect(sets.map(({ source, suffix }) => [source, suffix])).toEqual([["kube-ipam.ips/net2", "net2"]]);
});
