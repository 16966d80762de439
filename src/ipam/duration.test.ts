import { expect, test } from "bun:test";
import fc from "fast-check";
import { type DurationGrammar, tryParseDuration } from "./duration.ts";
import { tryParseRetention } from "./retention.ts";

const short: DurationGrammar = { units: ["ms", "s"], fractions: true };
const long: DurationGrammar = { units: ["d", "h", "m", "s"] };

test.each<[string, DurationGrammar, number]>([
  ["500ms", short, 500],
  ["1.5s", short, 1_500],
  ["2s", short, 2_000],
  ["90s", long, 90_000],
  ["30m", long, 1_800_000],
  ["1d12h", long, 129_600_000],
  ["0s", long, 0],
])("%s of %j is %d ms", (text, grammar, milliseconds) => {
  expect(tryParseDuration(text, grammar)).toBe(milliseconds);
});

test.each<[string, DurationGrammar]>([
  ["", long],
  ["5", long],
  ["s", long],
  ["-5m", long],
  ["1.5h", long],
  ["1.s", short],
  [".5s", short],
  ["1..5s", short],
  ["500ms", long],
  ["1m".repeat(65), long],
  ["1m", short],
  ["5 m", long],
  ["5m ", long],
  ["5M", long],
  ["5m-", long],
  ["1234567890s", long],
  ["constructor", long],
])("%p is no duration of %j", (text, grammar) => {
  expect(tryParseDuration(text, grammar)).toBeUndefined();
});

const part = fc.tuple(fc.nat(99_999), fc.constantFrom("d", "h", "m", "s"));

test("any sum of whole units is its seconds", () => {
  const inUnits = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.map(([count, unit]) => `${count}${unit}`).join("");
      const seconds = parts.reduce((sum, [count, unit]) => sum + count * inUnits[unit as "d"], 0);
      expect(tryParseRetention(text)).toBe(seconds);
    }),
  );
});

test("text of any kind is a retention or none, and takes linear time", () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789.dhmskep-") }));
  fc.assert(
    fc.property(text, (each) => {
      const found = tryParseRetention(each);
      if (typeof found === "number") expect(each).toMatch(/^(\d{1,9}[dhms])+$/);
    }),
    { numRuns: 2_000 },
  );
  // What looks at each character more than a few times does not come to an end.
  for (const long of ["1s", "1", "1.", "s"]) tryParseRetention(long.repeat(1_000_000));
});
