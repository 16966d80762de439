import { expect, test } from "bun:test";
import { proxyOf } from "./proxy-of.ts";

const PROXY = "http://proxy:3128";
const both = { HTTP_PROXY: "http://plain:3128", HTTPS_PROXY: PROXY };

type Row = [server: string, environment: Record<string, string>, proxy: string | undefined];

const rows: Row[] = [
  ["https://10.0.0.1:6443", {}, undefined],
  ["https://10.0.0.1:6443", both, PROXY],
  ["http://10.0.0.1", both, "http://plain:3128"],
  ["https://10.0.0.1", { https_proxy: PROXY }, PROXY],
  ["https://10.0.0.1", { HTTPS_PROXY: "", https_proxy: PROXY }, PROXY],
  ["https://10.0.0.1", { HTTPS_PROXY: "proxy:3128" }, PROXY],
  // Go knows no ALL_PROXY, and no proxy for the machine itself.
  ["https://10.0.0.1", { ALL_PROXY: PROXY, all_proxy: PROXY }, undefined],
  ["https://127.0.0.1:6443", both, undefined],
  ["https://127.8.9.1:6443", both, undefined],
  ["https://[::1]:6443", both, undefined],
  ["https://localhost:6443", both, undefined],
  ["http://localhost", both, undefined],
  ["https://localhost.example.com", both, PROXY],
  ["https://128.0.0.1", both, PROXY],
  ["https://10.0.0.1:6443", { ...both, NO_PROXY: "*" }, undefined],
  ["https://10.0.0.1:6443", { ...both, NO_PROXY: " a.example, 10.0.0.1 ,," }, undefined],
  ["https://10.0.0.1:6443", { ...both, no_proxy: "10.0.0.0/8" }, undefined],
  ["https://11.0.0.1:6443", { ...both, NO_PROXY: "10.0.0.0/8,11.0.0.2,0.0.1" }, PROXY],
  ["https://10.0.0.1:6443", { ...both, NO_PROXY: "10.0.0.1:6443" }, undefined],
  ["https://10.0.0.1:6443", { ...both, NO_PROXY: "10.0.0.1:443" }, PROXY],
  ["https://10.0.0.1", { ...both, NO_PROXY: "10.0.0.1:443" }, undefined],
  ["https://[2001:db8::5]:6443", { ...both, NO_PROXY: "2001:db8:0::5" }, undefined],
  ["https://[2001:db8::5]:6443", { ...both, NO_PROXY: "[2001:db8::5]:6443" }, undefined],
  ["https://[2001:db8::5]:6443", { ...both, NO_PROXY: "2001:db8::/32" }, undefined],
  ["https://[2001:db8::5]:6443", { ...both, NO_PROXY: "2001:db8::6" }, PROXY],
  ["https://api.example.com", { ...both, NO_PROXY: "example.com" }, undefined],
  ["https://api.example.com", { ...both, NO_PROXY: ".Example.com" }, undefined],
  ["https://api.example.com", { ...both, NO_PROXY: "*.example.com" }, undefined],
  ["https://example.com", { ...both, NO_PROXY: ".example.com" }, PROXY],
  ["https://example.com", { ...both, NO_PROXY: "example.com" }, undefined],
  ["https://notexample.com", { ...both, NO_PROXY: "example.com" }, PROXY],
];

test.each(rows)("%s with %j", (server, environment, proxy) => {
  expect(proxyOf(server, environment)).toBe(proxy as string);
});

test.each(["socks5://proxy:1080", "::::"])("%s is no proxy of ours", (named) => {
  expect(() => proxyOf("https://10.0.0.1", { HTTPS_PROXY: named })).toThrow(
    "the environment's HTTPS_PROXY names no proxy of http or https",
  );
});
