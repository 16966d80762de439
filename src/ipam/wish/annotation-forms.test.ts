import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress } from "../../address/address.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { anyAddress } from "../../address/testing/arbitraries.ts";
import { IpamError } from "../errors.ts";
import type { Annotations } from "./annotation.ts";
import { type Form, formsOf } from "./annotation-forms.ts";

const word = fc.constantFrom("ip", "netmask", "gateway", "ips", "sticky", "retain");
const scope = fc.option(fc.string({ unit: fc.constantFrom(..."abc-1/"), minLength: 1, maxLength: 5 }), {
  nil: undefined,
});
const key = fc
  .tuple(word, scope)
  .map(([each, of]) => (of === undefined ? `kube-ipam.${each}` : `kube-ipam.${each}/${of}`));
const noise = fc.string({ unit: fc.constantFrom(..."0123456789.,/: -afdhms") });
const value = fc.oneof(noise, fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom("true", "keep", "1d12h"));

function allOf(annotations: Annotations): readonly Form<unknown>[] {
  return Object.values(formsOf(annotations)).flat();
}

function read<T>(
  annotations: Annotations,
  of: (forms: ReturnType<typeof formsOf>) => readonly Form<T>[],
): T[] {
  return of(formsOf(annotations)).map((form) => form.read());
}

test("each annotation that says something is in exactly one form", () => {
  fc.assert(
    fc.property(fc.dictionary(key, value), (annotations) => {
      const found = allOf(annotations).flatMap(({ present }) => present.map((each) => each.key));
      const there = Object.keys(annotations).filter((each) => annotations[each]?.trim() !== "");
      expect(found.sort()).toEqual(there.sort());
    }),
  );
});

test("FAIL-CLOSED: whatever is written is read, or is an error that names its key", () => {
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 3 }), (annotations) => {
      for (const form of allOf(annotations)) {
        try {
          form.read();
        } catch (failure) {
          if (!(failure instanceof IpamError)) throw failure;
          expect(failure.name).toBe("annotationMalformed");
          expect(failure.message).toContain(form.scope === undefined ? "kube-ipam." : `/${form.scope}`);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

const addresses = fc.uniqueArray(anyAddress, { minLength: 1, maxLength: 4, selector: formatAddress });

test("addresses that are written are the addresses that are read", () => {
  fc.assert(
    fc.property(addresses, (wanted) => {
      const annotations = { "kube-ipam.ip/net1": wanted.map(formatAddress).join(", ") };
      const [fixed] = read(annotations, (forms) => forms.addresses);
      expect(fixed).toEqual(wanted.map((address) => ({ address, source: "kube-ipam.ip/net1" })));
    }),
  );
});

test("sets that are written are the sets that are read", () => {
  fc.assert(
    fc.property(addresses, (wanted) => {
      const intervals = wanted.map((address) => ({ first: address, last: address }));
      const annotations = { "kube-ipam.ips": intervals.map(formatInterval).join() };
      expect(read(annotations, (forms) => forms.set)).toEqual([intervals]);
    }),
  );
});

test("a value as large as Kubernetes takes is read, or refused, before the test's time is over", () => {
  const many = Array.from({ length: 20_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`).join();
  const values = [many, "1s".repeat(100_000), "-".repeat(250_000), ",".repeat(250_000), "1".repeat(250_000)];
  for (const each of ["ip", "netmask", "gateway", "ips", "sticky", "retain"]) {
    for (const text of values) {
      const forms = allOf({ "kube-ipam.ip": "10.1.2.3", [`kube-ipam.${each}`]: text });
      for (const form of forms) {
        try {
          form.read();
        } catch (failure) {
          if (!(failure instanceof IpamError)) throw failure;
        }
      }
    }
  }
});
