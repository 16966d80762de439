import { expect, test } from "bun:test";
import { formatAddress } from "./address.ts";
import { trySpelledAddress } from "./spelled-address.ts";

test.each([
  ["10.1.2.3", "10.1.2.3 canonical"],
  ["fd00::5", "fd00::5 canonical"],
  ["fd00__5", "fd00::5 canonical"],
  ["FD00:0:0:0:0:0:0:5", "fd00::5"],
  ["::ffff:10.1.2.3", "10.1.2.3"],
  ["010.001.2.3", "10.1.2.3 doubtful"],
  ["00.0.0.0", "0.0.0.0 doubtful"],
  ["10_1_2_3", undefined],
  ["0400.1.2.3", undefined],
  ["10.1.2", undefined],
  ["10.1.2.3 ", undefined],
  ["fe80::1%eth0", undefined],
])("%s", (name, meant) => {
  const read = trySpelledAddress(name);
  const words = read && [
    formatAddress(read.address),
    ...(read.canonical ? ["canonical"] : []),
    ...(read.doubt === undefined ? [] : ["doubtful"]),
  ];
  expect(words?.join(" ")).toBe(meant as string);
});
