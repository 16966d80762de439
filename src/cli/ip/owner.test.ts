import { expect, test } from "bun:test";
import { UsageError } from "../../command-line/failure.ts";
import { readNoteOf, readOwner, readRetention } from "./owner.ts";

test.each([
  ["default/db-0", { kind: "Pod", namespace: "default", name: "db-0" }],
  ["StatefulSet/default/db", { kind: "StatefulSet", namespace: "default", name: "db" }],
  ["sts/default/db", { kind: "StatefulSet", namespace: "default", name: "db" }],
  ["Widget/default/w.1", { kind: "Widget", namespace: "default", name: "w.1" }],
  ["printer", { kind: "Note", namespace: "", name: "printer" }],
  [" printer 3/4, room 5 ", { kind: "Note", namespace: "", name: "printer 3/4, room 5" }],
])("--for %p", (text, owner) => {
  expect(readOwner(text)).toEqual(owner);
});

test.each([
  ...["a/b/c/d", "/db", "default/", "Default/db", "widget/default/w", "a.b/db"],
  ...["constructor/default/x", "toString/default/x", "__proto__/default/x"],
])("--for %p is refused", (text) => {
  expect(() => readOwner(text)).toThrow(`'${text}' is no owner`);
});

test("K121: --for an owner of a kind of ours is refused, and a remark has no kind", () => {
  for (const kind of ["Pool", "Recovery"])
    expect(remedyOf(`${kind}/team-a/open`)).toStartWith(
      `kube-ipam's own records are of kind '${kind}'; give`,
    );
  expect(remedyOf("Note/team-a/open")).toStartWith("a remark has no kind; give");
});

test("K129: remark and note are bounded", () => {
  expect(() => readOwner(`a ${"b".repeat(200)}`)).toThrow("longer than 200 characters");
  expect(() => readOwner("a \u001b[31m")).toThrow("control characters");
  expect(() => readNoteOf("n".repeat(1025))).toThrow("longer than 1024 characters");
  expect(readNoteOf("n".repeat(1024))).toHaveLength(1024);
});

test("--for nobody is refused", () => {
  expect(() => readOwner(" ")).toThrow("--for is empty");
});

test.each([
  ["keep", "keep"],
  ["workload", "workload"],
  ["delete", "delete"],
  ["90s", 90],
  ["1d12h", 129_600],
] as const)("--retain %s", (text, retain) => {
  expect(readRetention(text)).toBe(retain);
});

test.each(["", "forever", "5", "1w"])("--retain %p is refused", (text) => {
  expect(() => readRetention(text)).toThrow(`'${text}' is no retention`);
});

function remedyOf(owner: string): string {
  try {
    return `read: ${JSON.stringify(readOwner(owner))}`;
  } catch (failure) {
    return failure instanceof UsageError ? failure.remedy : String(failure);
  }
}
