import { afterEach, expect, test } from "bun:test";
import os from "node:os";
import fc from "fast-check";
import { isNodeName, nodeNameFault, readNodeName } from "./node-name.ts";

const before = process.env.NODE_NAME;
afterEach(() => {
  if (before === undefined) delete process.env.NODE_NAME;
  else process.env.NODE_NAME = before;
});

test("the node's name: configured, else $NODE_NAME, else the host name in lower case", () => {
  process.env.NODE_NAME = "from-env";
  expect([readNodeName("configured"), readNodeName(undefined)]).toEqual(["configured", "from-env"]);
  process.env.NODE_NAME = "";
  expect(readNodeName(undefined)).toBe(os.hostname().toLowerCase());
});

test("K43 a name that no Node can have is a fault that names value, key and rule, wherever it was given", () => {
  for (const name of [
    "NODE_NAME",
    "worker_1",
    "WORKER-1",
    "-a",
    "a-",
    "a..b",
    ".a",
    "a.",
    "a.-b",
    "x".repeat(254),
  ]) {
    process.env.NODE_NAME = "";
    const fault = nodeNameFault(name);
    expect([fault?.code, fault?.message]).toEqual([
      7,
      `nodeName is '${name}', which Kubernetes can call no Node`,
    ]);
    expect(fault?.details).toContain("lower case letters");
    process.env.NODE_NAME = name;
    expect(nodeNameFault(undefined)?.message).toStartWith(`$NODE_NAME is '${name}'`);
    expect(readNodeName(undefined)).toBe(name);
  }
  expect(nodeNameFault("WORKER_1.lan")?.details).toEndWith("perhaps 'worker-1.lan'");
  for (const name of ["a", "node-1", "ip-10-0-0-1.ec2.internal", "1", "a--b", "x".repeat(253)])
    expect(nodeNameFault(name)).toBeUndefined();
});

test("K43 the rule is that of a DNS subdomain", () => {
  const symbol = fc.constantFrom("a", "z", "0", "-", ".", "_", "A", "ä", " ");
  fc.assert(
    fc.property(fc.string({ unit: symbol, maxLength: 8 }), (name) => {
      const parts = name.split(".");
      const label = (part: string) =>
        /^[a-z0-9-]+$/.test(part) && !part.startsWith("-") && !part.endsWith("-");
      expect(isNodeName(name)).toBe(parts.every(label));
    }),
  );
});
