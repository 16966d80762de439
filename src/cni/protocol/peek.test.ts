import { expect, test } from "bun:test";
import { peek } from "./peek.ts";

test.each<[string, unknown, unknown]>([
  ['{"cniVersion":"1.0.0","name":"lan"}', "1.0.0", "lan"],
  ['{"CNIVersion":"1.0.0","NAME":"lan"}', "1.0.0", "lan"],
  ['{"cniverſion":"1.0.0","constructor":1}', "1.0.0", undefined],
  ['{"cniVersion":"0.4.0","CNIVERSION":"1.0.0"}', "0.4.0", undefined],
  ["{}", undefined, undefined],
])("C36: %s", (stdin, cniVersion, name) => {
  expect(peek(stdin)).toMatchObject({ cniVersion, name });
});
