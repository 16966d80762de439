import { X509Certificate } from "node:crypto";
import { certificateBlocks, type TlsFault } from "./pem.ts";

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

/**
 * Why it is not valid today, for whoever may put another one there; undefined: it is.
 *
 * @param renewal the remedy where it has expired.
 */
export function dateFault({ validFrom, validTo }: X509Certificate, renewal: string): TlsFault | undefined {
  const [from, until] = [new Date(validFrom), new Date(validTo)];
  if (until.getTime() < Date.now()) return { reason: `expired on ${day(until)}`, remedy: renewal };
  if (from.getTime() <= Date.now()) return undefined;
  return { reason: `is not valid before ${day(from)}`, remedy: COMPARE_CLOCKS };
}

/** The remedy for a certificate of the future. */
export const COMPARE_CLOCKS = "compare the clocks of the machines";

/** "2026-11-29", in UTC. */
function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Its common name, else all of its subject, on one line. */
export function nameOf({ subject }: X509Certificate): string {
  const [, common] = /^CN=(.+)$/m.exec(subject ?? "") ?? [];
  return common ?? (subject ?? "").replaceAll("\n", ", ");
}
