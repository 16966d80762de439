import { describe, expect, test } from "bun:test";
import { type Keys, parseIpam, refusalOf } from "../testing/parse.ts";

const NEW = "cni.dev/valid-attachments";
const OLD = "cni.dev/attachments";
const validOf = (top: Keys) => parseIpam({}, { top, purpose: "gc" }).validAttachments;

const C1 = { containerID: "c1", ifname: "eth0" };
const C2 = { containerID: "c2", ifname: "net1", more: true };
const READ1 = { container: "c1", ifname: "eth0" };
const READ2 = { container: "c2", ifname: "net1" };

describe("what GC must keep", () => {
  test.each<[string, Keys, unknown]>([
    ["E22", { [NEW]: [C1, C2] }, [READ1, READ2]],
    ["E23", { [OLD]: [C1] }, [READ1]],
    ["E23: both keys, and either's word keeps", { [NEW]: [C1], [OLD]: [C2] }, [READ1, READ2]],
    ["E24: [] is none", { [NEW]: [] }, []],
    ["E24: null is none", { [NEW]: null }, []],
    ["E24: null beside a list", { [NEW]: null, [OLD]: [C1] }, [READ1]],
  ])("%s: %j", (_id, top, expected) => expect<unknown>(validOf(top)).toEqual(expected));

  test("E24: without a key, nothing is known", () => {
    expect(validOf({})).toBeUndefined();
    expect("validAttachments" in parseIpam({}, { purpose: "gc" })).toBe(false);
  });

  test("other verbs do not look", () => {
    expect(parseIpam({}, { top: { [NEW]: "x" }, purpose: "del" }).validAttachments).toBeUndefined();
  });
});

test("C36: the keys are read in any case; the runtime's own spelling counts before another one", () => {
  const respelt = { "CNI.dev/Valid-Attachments": [{ CONTAINERID: "c1", IfName: "eth0" }] };
  expect(validOf(respelt)).toEqual(validOf({ [NEW]: [C1] }));
  for (const [one, other] of [
    [NEW, `${NEW.slice(0, -1)}ſ`],
    [`${NEW.slice(0, -1)}ſ`, NEW],
  ] as const) {
    expect(validOf({ [one]: one === NEW ? [C1] : [], [other]: other === NEW ? [C1] : [] })).toEqual(
      validOf({ [NEW]: [C1] }),
    );
  }
});

describe("E25: a list that cannot be read as a whole", () => {
  test.each([
    ["x", `${NEW} must be a list of {"containerID": …, "ifname": …}, got "x"`],
    [{}, `${NEW} must be a list of {"containerID": …, "ifname": …}, got {}`],
    [false, `${NEW} must be a list of {"containerID": …, "ifname": …}, got false`],
    [["c1"], `${NEW}[0] must be {"containerID": …, "ifname": …}, got "c1"`],
    [[C1, null], `${NEW}[1] must be {"containerID": …, "ifname": …}, got null`],
    [[C1, { ifname: "eth0" }], `${NEW}[1].containerID must be a non-empty string, got nothing`],
    [[{ containerID: "c1", ifname: "" }], `${NEW}[0].ifname must be a non-empty string, got ""`],
    [[{ containerID: 5, ifname: "eth0" }], `${NEW}[0].containerID must be a non-empty string, got 5`],
  ])("%j", (list, message) => {
    expect(refusalOf(() => validOf({ [NEW]: list }))).toEqual({ code: 7, message, details: "" });
  });

  test("one good key does not excuse the other", () => {
    expect(refusalOf(() => validOf({ [NEW]: [C1], [OLD]: 5 })).message).toStartWith(`${OLD} must be a list`);
  });
});
