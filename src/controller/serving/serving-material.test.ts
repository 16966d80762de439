import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readCertificate } from "./certificates.ts";
import { renewed, type ServingMaterial } from "./serving-material.ts";

const HOSTS = ["kube-ipam-controller.kube-system.svc", "127.0.0.1"];
const NOW = new Date("2026-06-01T00:00:00Z");
const later = (days: number) => new Date(NOW.getTime() + days * 24 * 3_600_000);

/** Each signed by whom, by an independent reader of certificates. */
function isTrusted(serving: string, authority: string | undefined): boolean {
  return new X509Certificate(serving).verify(new X509Certificate(authority ?? "").publicKey);
}

function authoritiesOf({ authorities }: ServingMaterial): string[] {
  return authorities.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
}

describe("the serving material", () => {
  test("is made once, for all names, and then left alone", async () => {
    const first = await renewed(undefined, HOSTS, NOW);
    expect(readCertificate(first.certificate)?.hosts).toEqual(HOSTS);
    expect(isTrusted(first.certificate, authoritiesOf(first)[0])).toBe(true);
    expect(await renewed(first, HOSTS, later(59))).toBe(first);
  });

  test("a serving certificate is renewed a month before it ends, by the same authority", async () => {
    const first = await renewed(undefined, HOSTS, NOW);
    const next = await renewed(first, HOSTS, later(61));
    expect(next.authorities).toBe(first.authorities);
    expect(next.certificate).not.toBe(first.certificate);
    expect(isTrusted(next.certificate, authoritiesOf(first)[0])).toBe(true);
    expect(readCertificate(next.certificate)?.until).toEqual(later(151));
  });

  test("a new name needs a new certificate", async () => {
    const first = await renewed(undefined, HOSTS, NOW);
    const next = await renewed(first, [...HOSTS, "other.svc"], NOW);
    expect(readCertificate(next.certificate)?.hosts).toContain("other.svc");
  });

  test("a new authority stands beside the old one until that ends", async () => {
    const first = await renewed(undefined, HOSTS, NOW);
    const next = await renewed(first, HOSTS, later(3_300));
    expect(authoritiesOf(next)).toHaveLength(2);
    expect(authoritiesOf(next)[1]).toBe(authoritiesOf(first)[0] as string);
    expect(isTrusted(next.certificate, authoritiesOf(next)[0])).toBe(true);
    const last = await renewed(next, HOSTS, later(6_700));
    expect(authoritiesOf(last)).toHaveLength(2);
    expect(authoritiesOf(last)).not.toContain(authoritiesOf(first)[0] as string);
  });

  test("what cannot be read is made anew", async () => {
    const junk = { authorities: "x", authorityKey: "x", certificate: "x", key: "x" };
    const made = await renewed(junk, HOSTS, NOW);
    expect(authoritiesOf(made)).toHaveLength(1);
    const first = await renewed(undefined, HOSTS, NOW);
    const mended = await renewed({ ...first, certificate: "x" }, HOSTS, NOW);
    expect(isTrusted(mended.certificate, authoritiesOf(first)[0])).toBe(true);
  });
});
