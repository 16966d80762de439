import { expect, test } from "bun:test";
import { readOwner, readRetention } from "./owner.ts";

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

test.each(["a/b/c/d", "/db", "default/", "Default/db", "widget/default/w"])("--for %p is refused", (text) => {
  expect(() => readOwner(text)).toThrow(`'${text}' is no owner`);
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
