import { afterEach, expect, test } from "bun:test";
import os from "node:os";
import { readBootId, readNodeName } from "./identity.ts";

const before = { ...process.env };
afterEach(() => {
  for (const name of ["NODE_NAME", "KUBE_IPAM_BOOT_ID"]) {
    const value = before[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

test("the boot ID is the kernel's", () => {
  delete process.env.KUBE_IPAM_BOOT_ID;
  expect(readBootId()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(readBootId()).toBe(readBootId());
});

test("$KUBE_IPAM_BOOT_ID replaces it, unless empty", () => {
  process.env.KUBE_IPAM_BOOT_ID = "second-boot";
  expect(readBootId()).toBe("second-boot");
  process.env.KUBE_IPAM_BOOT_ID = "";
  expect(readBootId()).not.toBe("");
});

test("the node's name: configured, else $NODE_NAME, else the host name in lower case", () => {
  process.env.NODE_NAME = "from-env";
  expect([readNodeName("configured"), readNodeName(undefined)]).toEqual(["configured", "from-env"]);
  process.env.NODE_NAME = "";
  expect(readNodeName(undefined)).toBe(os.hostname().toLowerCase());
});
