import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority } from "../../../test/kit/certificates.ts";
import { requireTlsMaterial, type TlsMaterial } from "./tls-material.ts";

const folder = mkdtempSync(join(tmpdir(), "kube-ipam-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let ca: string;
let cert: string;
let key: string;
let otherKey: string;

beforeAll(async () => {
  const authority = await makeAuthority(folder, "ca");
  const [one, two] = [await authority.issue({ name: "one" }), await authority.issue({ name: "two" })];
  const read = (path: string) => readFileSync(path, "utf8");
  ca = read(authority.caFile);
  [cert, key, otherKey] = [read(one.certFile), read(one.keyFile), read(two.keyFile)];
});

function outcome(material: TlsMaterial): string {
  try {
    requireTlsMaterial(material);
    return "fine";
  } catch (error) {
    return String(error).replace("Error: ", "");
  }
}

test("what can be used", () => {
  expect(outcome({})).toBe("fine");
  expect(outcome({ ca })).toBe("fine");
  expect(outcome({ ca: `# two of them\n${ca}\n${cert}`, cert, key })).toBe("fine");
  expect(outcome({ cert: Buffer.from(`Certificate:\n${cert}\n${ca}`), key: Buffer.from(key) })).toBe("fine");
});

test("what cannot is named, and never shown", () => {
  const noCa = "its certificate-authority holds no certificates in PEM";
  expect(outcome({ ca: "hello" })).toBe(noCa);
  expect(outcome({ ca: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" })).toBe(noCa);
  expect(outcome({ cert })).toBe("it has a client-certificate without its client-key");
  expect(outcome({ key })).toBe("it has a client-key without a client-certificate");
  expect(outcome({ cert: "hello", key })).toBe("its client-certificate is no certificate in PEM");
  const noKey = "its client-key is no private key in PEM, or is encrypted";
  expect(outcome({ cert, key: "hello" })).toBe(noKey);
  expect(outcome({ cert, key: cert })).toBe(noKey);
  expect(outcome({ cert, key: otherKey })).toBe("its client-key does not belong to its client-certificate");
});
