import { expect, test } from "bun:test";
import fc from "fast-check";
import { PODS, STATEFUL_SETS } from "./kinds.ts";
import { below, folderOf, isApiVersion, isObjectName, pathOf, rootOf, withQuery } from "./path.ts";

const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(".", "/", "\\", "%", "?", "#", "2e", "\u001b", "\ud800", " ", ";"),
    fc.string(),
  ),
});

test("the paths of objects, of all of them, of an API, and what is asked about them", () => {
  expect<string>(pathOf(PODS, { namespace: "team-a", name: "web-0" })).toBe(
    "/api/v1/namespaces/team-a/pods/web-0",
  );
  expect<string>(folderOf(STATEFUL_SETS)).toBe("/apis/apps/v1/statefulsets");
  expect<string>(
    withQuery(below(rootOf("ipam.kube-ipam.io/v1"), "addresses", "fd00::5"), { space: "a b" }),
  ).toBe("/apis/ipam.kube-ipam.io/v1/addresses/fd00::5?space=a%20b");
});

test("J75: whatever a name is, it is one segment of the path that an API server reads, or no path", () => {
  fc.assert(
    fc.property(nasty, nasty, (name, namespace) => {
      if (!isObjectName({ namespace, name })) {
        expect(() => pathOf(PODS, { namespace, name })).toThrow();
        return;
      }
      const { pathname, search, hash } = new URL(pathOf(PODS, { namespace, name }), "http://x");
      const segments = pathname.split("/").map(decodeURIComponent);
      expect(segments).toEqual(["", "api", "v1", "namespaces", namespace, "pods", name]);
      expect([search, hash]).toEqual(["", ""]);
    }),
  );
});

test("J75: whatever an apiVersion is, it is one group and one version, or no path", () => {
  fc.assert(
    fc.property(fc.oneof(nasty, fc.stringMatching(/^[a-z.]{0,4}\/?[a-z./]{0,4}$/)), (apiVersion) => {
      if (!isApiVersion(apiVersion)) {
        expect(() => rootOf(apiVersion)).toThrow();
        return;
      }
      const { pathname } = new URL(rootOf(apiVersion), "http://x");
      expect(pathname).toBe(`${apiVersion.includes("/") ? "/apis" : "/api"}/${apiVersion}`);
    }),
  );
});

test("J75: a group is a DNS subdomain, and a version a DNS label", () => {
  const none = [
    "a..b/v1",
    ".a/v1",
    "a./v1",
    "a-.b/v1",
    "a.-b/v1",
    "/v1",
    "a/",
    "a/b/v1",
    "A/v1",
    "v1.",
    "",
    "a/v.1",
  ];
  const long = ["x".repeat(254), "v".repeat(64), `a/${"v".repeat(64)}`, `${"a.".repeat(127)}/v1`];
  expect([...none, ...long].filter(isApiVersion)).toEqual([]);
  const some = ["v1", "apps/v1", "a.b-c.d/v1beta1", `${"a.".repeat(126)}a/v1`, `a/${"v".repeat(63)}`];
  expect(some.filter((text) => !isApiVersion(text))).toEqual([]);
});
