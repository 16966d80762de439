import { X509Certificate } from "node:crypto";
import { certificateBlocks } from "./pem.ts";

/** The certificates of a bundle that can be read; comments, keys and broken ones between them are passed over, as by Go. */
export function certificatesIn(pem: string): X509Certificate[] {
  return certificateBlocks(pem).flatMap((text) => {
    try {
      return [new X509Certificate(text)];
    } catch {
      return [];
    }
  });
}

/** "2026-11-29", in UTC. */
export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** The days between which it is valid. */
export function validity({ validFrom, validTo }: X509Certificate): {
  readonly from: Date;
  readonly until: Date;
} {
  return { from: new Date(validFrom), until: new Date(validTo) };
}

/** Its common name, else all of its subject, on one line. */
export function nameOf({ subject }: X509Certificate): string {
  const [, common] = /^CN=(.+)$/m.exec(subject ?? "") ?? [];
  return common ?? (subject ?? "").replaceAll("\n", ", ");
}
