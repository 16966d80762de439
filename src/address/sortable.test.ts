import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareAddresses, parseAddress } from "./address.ts";
import { parseSortable, sortableText } from "./sortable.ts";
import { anyAddress } from "./testing/arbitraries.ts";

test("people can read it", () => {
  expect(sortableText(parseAddress("10.188.0.216"))).toBe("010.188.000.216");
  expect(sortableText(parseAddress("2001:db8::1"))).toBe("2001:0db8:0000:0000:0000:0000:0000:0001");
});

test("it comes back as it was", () => {
  fc.assert(
    fc.property(anyAddress, (address) => expect(parseSortable(sortableText(address))).toEqual(address)),
  );
});

test("within a family, texts sort as the numbers do", () => {
  fc.assert(
    fc.property(anyAddress, anyAddress, (a, b) => {
      fc.pre(a.family === b.family);
      const [one, other] = [sortableText(a), sortableText(b)];
      const order = one < other ? -1 : one > other ? 1 : 0;
      expect(Math.sign(order)).toBe(Math.sign(compareAddresses(a, b)));
    }),
  );
});

for (const text of [
  "10.188.0.216",
  "010.188.000.300",
  "010.188.000",
  "2001:db8::1",
  "0010.188.000.216",
  "foo",
  "",
]) {
  test(`'${text}' is none`, () => {
    expect(() => parseSortable(text)).toThrow(new RangeError(`'${text}' is not an address in sortable text`));
  });
}

test("an IPv4-mapped text is none: nobody writes it", () => {
  expect(() => parseSortable("0000:0000:0000:0000:0000:ffff:0a01:0203")).toThrow("is not an address");
});
