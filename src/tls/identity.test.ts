import { expect, test } from "bun:test";
import type { PeerCertificate } from "node:tls";
import { identityFault } from "./identity.ts";

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
])("K171: %s is none of %s", (host, names) => {
  expect(identityFault(host, certificate(names))).toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
});
