import { UsageError } from "../../command-line/failure.ts";
import type { EtcdSettings, StoreSettings } from "../../config/network-configuration.ts";
import { etcdSettings } from "../../config/settings/etcd-settings.ts";
import { etcdEndpoints } from "../../config/text/etcd-endpoints.ts";
import { readShape } from "../../config/text/read-shape.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { StoreDescription } from "../../ipam/store-port.ts";
import type { Access } from "../../store/configured-store.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";

/** The options that name an etcd, or override what a configuration says about it. */
export interface EtcdOptions {
  readonly etcdUrl?: string;
  readonly etcdCert?: string;
  readonly etcdKey?: string;
  readonly etcdCa?: string;
  readonly etcdPrefix?: string;
  readonly etcdUser?: string;
  readonly etcdPasswordFile?: string;
}

/** The options that stand for keys of etcdConfig. */
const OPTIONS: Readonly<Record<string, string>> = {
  etcdURL: "--etcd-url",
  etcdTrustedCAFileFile: "--etcd-ca",
  etcdCertFile: "--etcd-cert",
  etcdKeyFile: "--etcd-key",
  username: "--etcd-user",
  passwordFile: "--etcd-password-file",
};

const SUBJECT = "the command line";

/** The etcd that the command line names without a configuration. @throws UsageError */
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

/**
 * The configured store, where the options override certificates, user and prefix of a configuration that
 * names the endpoints.
 *
 * @throws UsageError for options of etcd where the store is another one: to ignore them would hide a mistake.
 */
export function throughOptions(options: EtcdOptions, settings: StoreSettings): StoreSettings {
  const { description, withAccess } = configuredStore(settings);
  if (withAccess !== undefined) return withAccess(accessOf(options));
  requireNoEtcdOptions(options, description);
  return settings;
}

function accessOf(options: EtcdOptions): Access {
  const { etcdCert, etcdKey, etcdCa, etcdUser, etcdPasswordFile, etcdPrefix } = options;
  return {
    ...(etcdCert && { certFile: etcdCert }),
    ...(etcdKey && { keyFile: etcdKey }),
    ...(etcdCa && { trustedCaFile: etcdCa }),
    ...(etcdUser && { username: etcdUser }),
    ...(etcdPasswordFile && { passwordFile: etcdPasswordFile }),
    ...(etcdPrefix && { prefix: etcdPrefix.replace(/\/$/, "") }),
  };
}

function requireNoEtcdOptions(options: EtcdOptions, { kind, location }: StoreDescription): void {
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
    `${given[0]} is about an etcd, and the store is the ${kind} one in ${location}`,
    "name the etcd with --etcd-url, or a configuration with --config; or leave the option out",
  );
}

function inOptions(text: string): string {
  return text
    .replaceAll(`${SUBJECT}.`, "")
    .replace(new RegExp(`\\b(${Object.keys(OPTIONS).join("|")})\\b`, "g"), (key) => OPTIONS[key] ?? key);
}
