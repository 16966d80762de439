import { expect, test } from "bun:test";
import { certificateTextFault, keyTextFault } from "./pem.ts";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----\n";

test.each([
  ["a private key", KEY, "it is a private key; "],
  ["a byte order mark before it", `\ufeff${CERTIFICATE}`, "it begins with a byte order mark"],
  ["DER", Buffer.from([0x30, 0x82, 0x01, 0xff, 0xfe, 0]).toString(), "it is DER; "],
  ["UTF-16", Buffer.from(`\ufeff${CERTIFICATE}`, "utf16le").toString(), "perhaps UTF-16; "],
  ["two on one line", CERTIFICATE.trim() + CERTIFICATE, "in the wrong place, or without its end; "],
  ["one without its end", CERTIFICATE.slice(0, 40), "in the wrong place, or without its end; "],
  ["words", "hello", "expected PEM text"],
])("K173: what holds no certificate is told as what it is: %s", (_, text, seen) => {
  const { reason, remedy } = certificateTextFault(text, "FILE") ?? { reason: "", remedy: "" };
  expect(reason).toBe("FILE holds no certificate");
  expect(remedy).toContain(seen);
  expect(remedy).toEndWith("expected PEM text; correct the file or the configuration");
});

test("K173: a certificate in the place of a key is told", () => {
  expect(keyTextFault(CERTIFICATE, "FILE")).toMatchObject({
    reason: "FILE holds no private key",
    remedy: expect.stringMatching(/^it is a certificate; /),
  });
});
