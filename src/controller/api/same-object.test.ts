import { expect, test } from "bun:test";
import { requireSameObject } from "./same-object.ts";

test.each([
  [undefined],
  [null],
  [{}],
  [{ name: "10.1.2.20", namespace: "team-a" }],
  [{ name: "::ffff:10.1.2.20" }],
  [{ name: "10.1.2.20-10.1.2.20", labels: { a: "b" } }],
  [{ name: "printer", generateName: "x-" }],
])("K181: metadata %j means what path and specification mean", (metadata) => {
  expect(() => requireSameObject(metadata, "10.1.2.20", "team-a")).not.toThrow();
});

test.each([
  [{ name: "10.1.2.21" }, "metadata.name: '10.1.2.21' is not spec.address '10.1.2.20'"],
  [{ name: "10.1.2.0/24" }, "metadata.name: '10.1.2.0/24' is not spec.address '10.1.2.20'"],
  [{ namespace: "team-b" }, "metadata.namespace: 'team-b' is not the namespace of the request"],
  [{ namespace: 5 }, "metadata: expected an object whose name and namespace are texts"],
  ["10.1.2.20", "metadata: expected an object whose name and namespace are texts"],
])("K181: metadata %j is refused", (metadata, message) => {
  expect(() => requireSameObject(metadata, "10.1.2.20", "team-a")).toThrow(message);
});

test("K181: a request for all namespaces is for none of them", () => {
  expect(() => requireSameObject({ namespace: "team-a" }, "10.1.2.20", undefined)).toThrow(
    "which is for all",
  );
});
