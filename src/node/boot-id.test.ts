import { afterEach, expect, test } from "bun:test";
import { readBootId } from "./boot-id.ts";

const before = process.env.KUBE_IPAM_BOOT_ID;
afterEach(() => {
  if (before === undefined) delete process.env.KUBE_IPAM_BOOT_ID;
  else process.env.KUBE_IPAM_BOOT_ID = before;
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
