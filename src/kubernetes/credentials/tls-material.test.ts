import { afterAll, beforeAll, expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority } from "../../../test/kit/certificates.ts";
import type { Material } from "../../tls/material-fault.ts";
import { usableTlsMaterial } from "./tls-material.ts";

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

const LABELS = {
  ca: "certificate-authority /ca.crt",
  cert: "client-certificate",
  key: "client-key /key.pem",
};

async function outcome(material: Material): Promise<string> {
  try {
    await usableTlsMaterial(material, LABELS);
    return "fine";
  } catch (error) {
    return String(error).replace("Error: ", "");
  }
}

test("what can be used", async () => {
  expect(await outcome({})).toBe("fine");
  expect(await outcome({ ca })).toBe("fine");
  expect(await outcome({ ca: `# two of them\r\n${ca}\r\n${cert}`, cert, key })).toBe("fine");
  expect(await outcome({ cert: `Certificate:\n${cert}\n${ca}`, key })).toBe("fine");
});

test("an authority that cannot be read is left out beside one that can", async () => {
  const broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  expect((await usableTlsMaterial({ ca: `${broken}${ca}` }, LABELS)).ca?.trim()).toBe(ca.trim());
});

test("K105: what cannot be used is named, with the way out, and never shown", async () => {
  const pem = ": expected PEM text; correct the file or the configuration";
  expect(await outcome({ ca: "" })).toBe(`its certificate-authority /ca.crt is empty${pem}`);
  expect(await outcome({ ca: "hello" })).toBe(`its certificate-authority /ca.crt holds no certificate${pem}`);
  expect(await outcome({ ca: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" })).toBe(
    `its certificate-authority /ca.crt holds no certificate that can be read${pem}`,
  );
  expect(await outcome({ cert })).toBe("it has a client-certificate without its client-key");
  expect(await outcome({ key })).toBe("it has a client-key without a client-certificate");
  expect(await outcome({ cert: "hello", key })).toBe(`its client-certificate holds no certificate${pem}`);
  expect(await outcome({ cert, key: "hello" })).toBe(`its client-key /key.pem holds no private key${pem}`);
  const swapped = pem.replace(": ", ": it is a certificate; ");
  expect(await outcome({ cert, key: cert })).toBe(`its client-key /key.pem holds no private key${swapped}`);
  expect(await outcome({ cert, key: otherKey })).toBe(
    "its client-key /key.pem does not belong to client-certificate: put a certificate and its own key there",
  );
  const encrypted = createPrivateKey(key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "x",
  });
  expect(await outcome({ cert, key: String(encrypted) })).toContain(
    "its client-key /key.pem is encrypted: write it without",
  );
});
