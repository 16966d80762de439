import fc from "fast-check";

/** What somebody writes who means harm, or who made a mistake: the values that the targets of this folder put together. */

/** Mostly small, sometimes as many as fit into a document. */
export const count = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 2, arbitrary: fc.integer({ min: 5, max: 200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 20_000 }) },
);

const NAMES_OF_OBJECTS = ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"];
const PATHS = ["..", ".", "../..", "a/../b", "%2e%2e", "/etc/passwd", "x?y=z", "a#b", "a\\b", "a%00b", ""];
const CONTROL = [
  "\x1b[2J",
  "\x1b]0;T\x07",
  "\r\nok",
  "\u0085",
  "\u009b31m",
  "\u202eabc",
  "\u2028",
  "\ud800",
  "\0",
];

/** A text: ordinary, of a name that objects have, of a path, with control characters, or very long. */
export const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(...NAMES_OF_OBJECTS, ...PATHS, ...CONTROL),
  fc
    .tuple(fc.constantFrom("a", "é", "9", "-", ",", "[", "x\x1b", "::1,"), count)
    .map(([piece, times]) => piece.repeat(times)),
);

const octet = fc.integer({ min: 0, max: 255 });
const v4 = fc.tuple(octet, octet).map(([a, b]) => `10.1.${a % 8}.${b}`);
const v6 = fc.tuple(octet, octet).map(([a, b]) => `fd00::${a.toString(16)}:${b.toString(16)}`);

export const address = fc.oneof(
  { weight: 6, arbitrary: v4 },
  { weight: 3, arbitrary: v6 },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "0.0.0.0",
      "255.255.255.255",
      "::",
      "::ffff:10.1.2.3",
      "10.1.2.03",
      "fe80::1%eth0",
    ),
  },
);

export const subnet = fc
  .tuple(address, fc.integer({ min: 0, max: 129 }))
  .map(([base, length]) => `${base}/${length}`);

export const range = fc.tuple(address, address).map(([from, to]) => `${from}-${to}`);

/** A list of addresses as an annotation writes it: pieces, repeated as they are or counted up. */
export const list = fc.oneof(
  fc.array(fc.oneof(address, range, subnet, text), { maxLength: 6 }).map((parts) => parts.join(",")),
  count.map((many) => Array.from({ length: many }, (_, n) => `10.1.${(n >> 8) & 255}.${n & 255}`).join(",")),
  count.map((many) => Array.from({ length: many }, (_, n) => `fd00::${n.toString(16)}`).join(",")),
  count.map((many) =>
    Array.from({ length: many }, (_, n) => `10.1.0.${n & 255}-10.1.3.${n & 255}`).join(", "),
  ),
);

/** A value so many times, and no more than a document of some megabytes holds. */
export function repeated<T>(value: T, many: number): T[] {
  const size = (JSON.stringify(value) ?? "").length + 1;
  return Array.from({ length: Math.min(many, Math.ceil(4_000_000 / size)) }, () => value);
}

const short = fc.oneof(
  fc.string({ maxLength: 8 }),
  address,
  fc.constantFrom(null, true, false, 0, -1, 1e300, 2 ** 53, "true", "1", {}, []),
  fc.constantFrom(...NAMES_OF_OBJECTS, ...CONTROL),
);

/** Any JSON value, a few levels deep; one text or one array in it may be very long. */
export const json: fc.Arbitrary<unknown> = fc.oneof(
  text,
  list,
  fc.tuple(short, count).map(([value, many]) => repeated(value, many)),
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      short,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(short.map(String), tie("value"), { maxKeys: 3 }),
    ),
  })).value,
  fc
    .integer({ min: 10, max: 5_000 })
    .map((depth) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`) as unknown),
);
