import { expect, test } from "bun:test";
import fc from "fast-check";
import { requireModest } from "./read-json.ts";

test("K143: what people send is modest, whatever its texts hold", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 20 }), (text) => requireModest(text)));
  const list = JSON.stringify({ "kube-ipam.ips": '[{,"\\'.repeat(300_000) });
  expect(() => requireModest(list)).not.toThrow();
});

const TOO_MUCH: Readonly<Record<string, string>> = {
  "little lists": `[${"[],".repeat(130_000)}[]]`,
  "little objects": `[${"{},".repeat(130_000)}{}]`,
  numbers: `[${"1,".repeat(250_001)}1]`,
  members: `{${'"a":1,'.repeat(250_001)}"a":1}`,
  levels: `${"[".repeat(1_001)}${"]".repeat(1_001)}`,
};

for (const [what, text] of Object.entries(TOO_MUCH))
  test(`K143: too many ${what} are refused before they are parsed`, () => {
    expect(() => requireModest(text)).toThrow(SyntaxError);
  });
