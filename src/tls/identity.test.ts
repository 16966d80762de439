import { expect, test } from "bun:test";
import type { PeerCertificate } from "node:tls";
import { handshakeFault, identityFault } from "./identity.ts";

const certificate = (subjectaltname: string | undefined, CN = "etcd") =>
  ({ subject: { CN }, subjectaltname }) as PeerCertificate;

test.each([
  ["etcd", "DNS:etcd"],
  ["etcd.", "DNS:etcd"],
  ["ETCD.example", "DNS:other, DNS:etcd.Example"],
  ["m1.example", "DNS:*.example"],
  ["m1.db.example", "DNS:*.db.example"],
  ["::1", "IP Address:0:0:0:0:0:0:0:1"],
  ["etcd_1.example", "DNS:etcd_1.example"],
  ["10.0.0.1", "DNS:etcd, IP Address:10.0.0.1"],
  ["[fd00::a]", "IP Address:FD00:0:0:0:0:0:0:A"],
  ["etcd", 'DNS:"other, one", DNS:etcd'],
])("K171: %s is one of %s", (host, names) => {
  expect(identityFault(host, certificate(names))).toBeUndefined();
});

test.each([
  ["etcd", undefined],
  ["etcd", ""],
  ["etcd", "IP Address:10.0.0.1"],
  ["etcd", "URI:https://etcd"],
  ["etcd", "DNS:other"],
  ["etcd", "DNS:*"],
  ["etcd", 'DNS:"other, DNS:etcd"'],
  ["m1.example", "DNS:m*.example"],
  ["m1.example", "DNS:*"],
  ["a.m1.example", "DNS:*.example"],
  ["m1.example", "DNS:m1.example."],
  ["10.0.0.1", "DNS:10.0.0.1"],
  ["10.0.0.1", 'DNS:"other, IP Address:10.0.0.1, x"'],
  ["10.0.0.1", 'DNS:"other\\", IP Address:10.0.0.1, x"'],
  ["10.0.0.1", "IP Address:10.0.0.10, IP Address:::1"],
])("K171: %s is none of %s", (host, names) => {
  expect(identityFault(host, certificate(names))).toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
});

const fault = (code: string) => Object.assign(new Error(code), { code });
const WRONG_NAME = fault("ERR_TLS_CERT_ALTNAME_INVALID");

test("K171: a handshake is trusted where the chain is verified and the name is one of Go's", () => {
  const judged = (isAuthorized: boolean, said: Error | null, names: string) =>
    handshakeFault("m1.internal", { isAuthorized, fault: said }, certificate(names))?.message;
  expect(judged(true, null, "DNS:m1.internal")).toBeUndefined();
  expect(judged(false, WRONG_NAME, "DNS:*.internal")).toBeUndefined();
  expect(judged(false, WRONG_NAME, "DNS:other")).toContain("does not match");
  expect(judged(true, null, "DNS:m*.internal")).toContain("does not match");
  for (const isAuthorized of [true, false])
    expect(judged(isAuthorized, fault("CERT_HAS_EXPIRED"), "DNS:m1.internal")).toBe("CERT_HAS_EXPIRED");
  expect(judged(false, null, "DNS:m1.internal")).toBe("the handshake failed");
});
