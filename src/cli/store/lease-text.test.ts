import { expect, test } from "bun:test";
import { LONGEST_LEASE, readLeaseText } from "./lease-text.ts";

test.each([
  ["c1\r\neth0", { container: "c1", ifname: "eth0" }],
  ["c1\neth0\n", { container: "c1", ifname: "eth0" }],
  [" c1 \r\n eth0 \r\n", { container: "c1", ifname: "eth0" }],
  ["c1", { container: "c1" }],
  ["c1\r\n", { container: "c1" }],
  ["", { fault: "it names no container" }],
  ["\r\neth0", { fault: "it names no container" }],
  ["c1\0", { fault: "it begins with no container ID" }],
  ["c1\u00a0", { fault: "it begins with no container ID" }],
  ["c1\neth0\nx", { fault: "it has more than two lines" }],
  ["c1\neth\u001b", { fault: "its interface is wrong: it has unreadable characters" }],
  ["c1\na b", { fault: "its interface is wrong: it has '/', ':' or white space" }],
  ["c".repeat(LONGEST_LEASE + 1), { fault: `it is longer than ${LONGEST_LEASE} bytes` }],
])("%j", (text, read) => {
  expect(readLeaseText(text)).toStrictEqual(read);
});
