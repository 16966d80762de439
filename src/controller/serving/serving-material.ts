import { issueServing, type Lifetime, makeAuthority, readCertificate } from "./certificates.ts";

/** What the Secret holds, as PEM texts. */
export interface ServingMaterial {
  /** Who is to be trusted: the authority that signs, then older ones until they end. */
  readonly authorities: string;
  readonly authorityKey: string;
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 24 * 3_600_000;
const AUTHORITY_DAYS = 3650;
const SERVING_DAYS = 90;
/** What is left of its life when something is made anew. */
const RENEW_AUTHORITY_DAYS = 365;
const RENEW_SERVING_DAYS = 30;

/**
 * The material that should be in force: the same object while nothing is due; else with a new serving
 * certificate, and a new authority where that one is due or cannot be read. `now` is this machine's
 * clock, which certificates are made for.
 */
export async function renewed(
  present: ServingMaterial | undefined,
  hosts: readonly string[],
  now: Date,
): Promise<ServingMaterial> {
  if (present === undefined || lastsLess(present.authorities, RENEW_AUTHORITY_DAYS, now)) {
    const authority = await makeAuthority(lifetime(AUTHORITY_DAYS, now));
    const old = present === undefined ? "" : stillTrusted(present.authorities, now);
    return withServing(
      { authorities: `${authority.certificate}${old}`, authorityKey: authority.key },
      hosts,
      now,
    );
  }
  const serving = readCertificate(present.certificate);
  const names = hosts.every((host) => serving?.hosts.includes(host));
  if (names && !lastsLess(present.certificate, RENEW_SERVING_DAYS, now)) return present;
  return withServing(present, hosts, now);
}

async function withServing(
  { authorities, authorityKey }: Pick<ServingMaterial, "authorities" | "authorityKey">,
  hosts: readonly string[],
  now: Date,
): Promise<ServingMaterial> {
  const [certificate = ""] = split(authorities);
  const pair = await issueServing({ certificate, key: authorityKey }, hosts, lifetime(SERVING_DAYS, now));
  return { authorities, authorityKey, ...pair };
}

/** Another machine's clock may be a little behind. */
function lifetime(days: number, now: Date): Lifetime {
  return { from: new Date(now.getTime() - DAY_MS), until: new Date(now.getTime() + days * DAY_MS) };
}

/** True also for what cannot be read. */
function lastsLess(text: string, days: number, now: Date): boolean {
  const until = readCertificate(text)?.until;
  return until === undefined || until.getTime() - now.getTime() < days * DAY_MS;
}

function stillTrusted(authorities: string, now: Date): string {
  return split(authorities)
    .filter((text) => !lastsLess(text, 0, now))
    .join("");
}

function split(bundle: string): string[] {
  return (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (text) => `${text}\n`,
  );
}
