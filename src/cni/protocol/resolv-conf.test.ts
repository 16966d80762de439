import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IpamError } from "../../ipam/errors.ts";
import { readResolvConf } from "./resolv-conf.ts";

const root = mkdtempSync(join(tmpdir(), "resolv-conf-"));
const path = join(root, "file");
afterAll(() => rmSync(root, { recursive: true }));

function read(text: string, byNetwork: boolean): unknown {
  writeFileSync(path, text);
  try {
    return readResolvConf(path, byNetwork);
  } catch (error) {
    const { code, details, message } = error as IpamError;
    return `${code} ${message}: ${details}`;
  }
}

test.each([
  "nameserver 192.0.2.3\nnameserver fe80::1%eth0\n",
  "nameserver 192.0.2.3#the router\nnameserver fe80::1%br-lan:1;x\n",
  "# all\n; of it\n\nsearch a b # c\r\ndomain d\noptions ndots:2\nsortlist 10.0.0.0",
  "nameserver\nnameserver 192.0.2.3 extra\n",
  "",
])("E45: a resolver's configuration is shown to a network: %j", (text) => {
  const shown = read(text, false);
  expect(typeof shown).toBe("object");
  expect(read(text, true)).toEqual(shown);
});

test.each([
  ["options secret\nkey = geheim\n", 2],
  ["search geheim\n{\n", 2],
  ["geheim:x:0:0::/root:/bin/sh\n", 1],
  ["nameserver 192.0.2.3\nnameserver geheim\n", 2],
  ["Options geheim\n", 1],
  ["\0\0geheim\n", 1],
  ["search geheim==\n", 1],
  ["nameserver 192.0.2.3\ndomain geheim\u001b[2J\n", 2],
  [`search ${"geheim".repeat(50)}\n`, 1],
])("E45: anything else is not, and nothing of it stands in the error: %j", (text, line) => {
  const refusal = String(read(text, true));
  expect(refusal).toStartWith(
    `7 resolvConf '${path}' is not shown to a network: line ${line} is none of a resolver's configuration`,
  );
  expect(refusal).not.toContain("geheim");
  expect(typeof read(text, false)).toBe("object");
});

test("E45: nor what is longer than was read", () => {
  expect(String(read(`search a\n${"#".repeat(300_000)}\nkey\n`, true))).toContain("it is too long");
});
