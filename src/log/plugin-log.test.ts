import { expect, test } from "bun:test";
import fc from "fast-check";
import { CAPS } from "../address/caps.ts";
import { visibleLine } from "../address/visible.ts";
import { formatLine } from "./plugin-log.ts";

const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\n", "\r", "\u001b", "\u0085", "\u2028", "\u202e", "\ud800", "é", "🙂"),
    fc.string(),
  ),
});
const value = fc.oneof(
  nasty,
  nasty.map((text) => text.repeat(300)),
  fc.array(nasty),
);

test("M50, M51: a line is one line of at most 4 KiB in which nothing is hidden", () => {
  fc.assert(
    fc.property(
      nasty,
      fc.dictionary(fc.constantFrom("network", "pod", "reason", "__proto__"), value),
      (message, fields) => {
        const line = formatLine("warn", message.repeat(200), fields);
        expect(line).toEndWith("\n");
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(CAPS.logLine);
        const text = line.slice(0, -1);
        expect(visibleLine(text)).toBe(text);
        expect(text).toMatch(/^[\d:.TZ-]+ WARN /);
      },
    ),
  );
});

test("M51: one long value leaves room for the others, and says how long it was", () => {
  const line = formatLine("error", "ADD", { network: "n".repeat(100_000), outcome: "error 7" });
  expect(line).toContain('… (100000 characters)" outcome=');
});
