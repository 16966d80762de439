import { expect, test } from "bun:test";
import { parseOnce } from "./parse-once.ts";

const text = (subnet: string) =>
  JSON.stringify({ cniVersion: "1.0.0", name: "net1", ipam: { type: "kube-ipam", subnet } });

test("a text that was read lately gives the very same configuration", () => {
  const stdin = text("10.1.2.0/24");
  expect(parseOnce({ stdin, purpose: "add" })).toBe(parseOnce({ stdin, purpose: "add" }));
});

test("another purpose, text or node's file is read anew", () => {
  const stdin = text("10.1.2.0/24");
  const first = parseOnce({ stdin, purpose: "add" });
  const nodeFile = { path: "/etc/kube-ipam/config.json", text: '{"coolingSeconds":7}' };
  expect(parseOnce({ stdin, purpose: "del" }).network.sets).toEqual([]);
  expect(parseOnce({ stdin: text("10.1.3.0/24"), purpose: "add" })).not.toBe(first);
  expect(parseOnce({ stdin, purpose: "add", nodeFile }).network.coolingSeconds).toBe(7);
});

test("a wrong text is an error each time", () => {
  for (let time = 0; time < 2; time += 1) {
    expect(() => parseOnce({ stdin: "{}", purpose: "add" })).toThrow("name");
  }
});
