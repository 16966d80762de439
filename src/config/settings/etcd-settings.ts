import { IpamError } from "../../ipam/errors.ts";
import type { EtcdSettings } from "../network-configuration.ts";
import type { EtcdValues } from "./hoist-settings.ts";
import { ETCD_DEFAULTS } from "./setting-defaults.ts";

/**
 * Puts the keys of etcdConfig together.
 *
 * @param path how messages name the section: "ipam.etcdConfig".
 * @throws IpamError invalidConfig for keys that do not fit each other.
 */
export function etcdSettings(values: EtcdValues, path: string): EtcdSettings {
  const { etcdURL: endpoints = [], etcdCertFile, etcdKeyFile, etcdTrustedCAFileFile } = values;
  const { username, password, passwordFile } = values;
  if (endpoints.length === 0) {
    throw unfit(`${path}.etcdURL is missing`, 'name the endpoints: "etcdURL": "https://10.1.2.3:2379"');
  }
  requireFittingCertificates(values, endpoints, path);
  requireFittingPassword(values, path);
  const { prefix, dialTimeout, requestTimeout } = { ...ETCD_DEFAULTS, ...values };
  return {
    kind: "etcd",
    endpoints,
    ...(etcdCertFile && { certFile: etcdCertFile }),
    ...(etcdKeyFile && { keyFile: etcdKeyFile }),
    ...(etcdTrustedCAFileFile && { trustedCaFile: etcdTrustedCAFileFile }),
    ...(username && { username }),
    ...(password && { password }),
    ...(passwordFile && { passwordFile }),
    prefix,
    dialTimeoutMs: dialTimeout,
    requestTimeoutMs: requestTimeout,
  };
}

function requireFittingCertificates(values: EtcdValues, endpoints: readonly string[], path: string): void {
  const { etcdCertFile, etcdKeyFile, etcdTrustedCAFileFile } = values;
  const files = Object.entries({ etcdCertFile, etcdKeyFile, etcdTrustedCAFileFile }).filter(
    ([, file]) => file,
  );
  const secure = endpoints.some((endpoint) => endpoint.startsWith("https:"));
  if (secure && files.length === 0) {
    throw unfit(
      `${path}.etcdURL is https, but ${path} names no certificates`,
      "set etcdTrustedCAFileFile, and etcdCertFile with etcdKeyFile where etcd asks for client certificates",
    );
  }
  if (!secure && files.length > 0) {
    throw unfit(
      `${path}.${files.map(([key]) => key).join(", ")} has no effect, because ${path}.etcdURL is http`,
      "write https:// in etcdURL, or remove the certificates",
    );
  }
  if ((etcdCertFile === undefined) === (etcdKeyFile === undefined)) return;
  const [there, missing] = etcdCertFile ? ["etcdCertFile", "etcdKeyFile"] : ["etcdKeyFile", "etcdCertFile"];
  throw unfit(
    `${path}.${there} is set, but ${path}.${missing} is not`,
    "a certificate needs its key: set both",
  );
}

function requireFittingPassword({ username, password, passwordFile }: EtcdValues, path: string): void {
  if (password !== undefined && passwordFile !== undefined) {
    throw unfit(
      `${path} has both password and passwordFile`,
      "keep passwordFile: a file can be readable by root only",
    );
  }
  const hasPassword = (password ?? passwordFile) !== undefined;
  if (hasPassword === (username !== undefined)) return;
  throw username === undefined
    ? unfit(`${path} has a password, but no username`, "set username")
    : unfit(`${path} has a username, but no password`, "set passwordFile");
}

function unfit(message: string, remedy: string): IpamError {
  return new IpamError("invalidConfig", message, remedy);
}
