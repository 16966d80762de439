import { expect, test } from "bun:test";
import { missingLabels } from "./node-labels.ts";

test.each([
  [{}, {}, []],
  [{ rack: "a1" }, { rack: "a1", zone: "x" }, []],
  [{ rack: "a1" }, { rack: "a2" }, ["rack=a1"]],
  [{ rack: "a1", zone: "x" }, { zone: "x" }, ["rack=a1"]],
  [{ rack: "" }, {}, ["rack="]],
  [{ rack: "" }, { rack: "" }, []],
])("a pool for %j on a node with %j lacks %j", (selector, labels, missing) => {
  expect(missingLabels(selector, labels)).toEqual(missing);
});
