import { expect, test } from "bun:test";
import fc from "fast-check";
import { CAPS } from "../../address/caps.ts";
import { visibleLine } from "../../address/visible.ts";
import { IpamError } from "../../ipam/errors.ts";
import { formatError } from "./error-result.ts";

const nasty = fc
  .string({
    unit: fc.oneof(fc.constantFrom("\u001b", "\u009b", "\u202e", "\n", "\ud83d", "🙂"), fc.string()),
  })
  .chain((text) => fc.constantFrom(1, 50, 1000).map((times) => text.repeat(times)));

test("M50, M52: in an error nothing is hidden, and it is no longer than runtimes and Kubernetes show", () => {
  fc.assert(
    fc.property(nasty, nasty, fc.constantFrom("ADD", "DEL"), (message, details, verb) => {
      const printed = formatError(
        "1.0.0",
        new IpamError("annotationMalformed", message, details),
        verb as "ADD",
      );
      const { msg, details: more = "" } = JSON.parse(printed);
      expect(msg.length).toBeLessThanOrEqual(CAPS.errorMessage);
      expect(more.length).toBeLessThanOrEqual(CAPS.errorDetails);
      for (const text of [msg, more]) expect(visibleLine(text)).toBe(text);
    }),
  );
});

test.each(["1.0.0\u001b[2J", "1".repeat(1_000_000), "", "1.0.0\n"])(
  "C131: what is no version is not repeated as one",
  (version) => {
    const printed = formatError(version, new IpamError("incompatibleVersion", "incompatible CNI versions"));
    expect(JSON.parse(printed).cniVersion).toBe("1.1.0");
  },
);
