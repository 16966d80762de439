import { expect, test } from "bun:test";
import { Registry } from "prom-client";
import { CountMetrics } from "./count-metrics.ts";

test("M50: nothing is hidden in a label", async () => {
  const registry = new Registry();
  const numbers = { size: 9n, allocated: 1n, reserved: 0n, cooling: 0n, free: 8n };
  const name = "lan\u001b[2J\u202e\n";
  new CountMetrics(registry).setUsage([{ source: "network", name, space: "s\u0007", family: 4, ...numbers }]);
  const text = await registry.metrics();
  expect(text).toContain('name="lan\\\\u001b[2J\\\\u202e\\\\u000a"');
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
});
