import { UsageError } from "../command-line/failure.ts";
import type { EtcdSettings } from "../config/network-configuration.ts";
import { etcdSettings } from "../config/settings/etcd-settings.ts";
import { etcdEndpoints } from "../config/text/etcd-endpoints.ts";
import { readShape } from "../config/text/read-shape.ts";
import { IpamError } from "../ipam/errors.ts";

/** The options that lead to an etcd, or go over what a configuration says of it. */
export interface EtcdOptions {
  readonly etcdUrl?: string;
  readonly etcdCert?: string;
  readonly etcdKey?: string;
  readonly etcdCa?: string;
  readonly etcdPrefix?: string;
  readonly etcdUser?: string;
  readonly etcdPasswordFile?: string;
}

/** How the keys of etcdConfig are called here. */
const OPTIONS: Readonly<Record<string, string>> = {
  etcdURL: "--etcd-url",
  etcdTrustedCAFileFile: "--etcd-ca",
  etcdCertFile: "--etcd-cert",
  etcdKeyFile: "--etcd-key",
  username: "--etcd-user",
  passwordFile: "--etcd-password-file",
};

const SUBJECT = "the command line";

/** The etcd that the command line alone names. @throws UsageError */
export function etcdOfOptions(options: EtcdOptions, url: string): EtcdSettings {
  const { etcdCert, etcdKey, etcdCa, etcdUser, etcdPasswordFile, etcdPrefix } = options;
  try {
    return etcdSettings(
      {
        etcdURL: readShape(etcdEndpoints, url, "etcdURL"),
        ...(etcdCert && { etcdCertFile: etcdCert }),
        ...(etcdKey && { etcdKeyFile: etcdKey }),
        ...(etcdCa && { etcdTrustedCAFileFile: etcdCa }),
        ...(etcdUser && { username: etcdUser }),
        ...(etcdPasswordFile && { passwordFile: etcdPasswordFile }),
        ...(etcdPrefix && { prefix: etcdPrefix }),
      },
      SUBJECT,
    );
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    throw new UsageError(inOptions(failure.message), inOptions(failure.details));
  }
}

/** Options that speak of an etcd where none is meant would be passed over without a word. @throws UsageError */
export function requireNoEtcdOptions(options: EtcdOptions, store: string): void {
  const { etcdCert, etcdKey, etcdCa, etcdPrefix, etcdUser, etcdPasswordFile } = options;
  const given = Object.entries({
    "--etcd-cert": etcdCert,
    "--etcd-key": etcdKey,
    "--etcd-ca": etcdCa,
    "--etcd-prefix": etcdPrefix,
    "--etcd-user": etcdUser,
    "--etcd-password-file": etcdPasswordFile,
  }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new UsageError(
    `${given[0]} is about an etcd, and the store is the embedded one in ${store}`,
    "name the etcd with --etcd-url, or a configuration that does with --config",
  );
}

function inOptions(text: string): string {
  return text
    .replaceAll(`${SUBJECT}.`, "")
    .replace(new RegExp(`\\b(${Object.keys(OPTIONS).join("|")})\\b`, "g"), (key) => OPTIONS[key] ?? key);
}
