import { statSync } from "node:fs";
import { readRegularFile } from "../files/regular-file.ts";
import { certificateBlocks } from "./pem.ts";

/** Where distributions keep the authorities that all programs trust, in the order in which Go looks for them. */
const FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Larger than any of them. */
const MOST_BYTES = 8 * 1024 * 1024;

let kept: { readonly stamp: string; readonly ca: string } | undefined;

/**
 * The authorities that this machine trusts (PEM), for a server without a configured one: what an administrator has added
 * there is good for etcdctl and kubectl too. Bun by itself trusts a list of its own, which holds where this is undefined:
 * the machine has none.
 */
export function systemAuthorities(): string | undefined {
  for (const path of FILES) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    const stamp = `${path} ${stat.ino} ${stat.mtimeMs} ${stat.size}`;
    if (kept?.stamp === stamp) return kept.ca;
    const ca = authoritiesIn(path);
    if (ca === undefined) continue;
    kept = { stamp, ca };
    return ca;
  }
  return undefined;
}

function authoritiesIn(path: string): string | undefined {
  try {
    return certificateBlocks(readRegularFile(path, MOST_BYTES)).join("\n") || undefined;
  } catch {
    return undefined;
  }
}
