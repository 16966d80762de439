import { statSync } from "node:fs";
import type { EtcdSettings } from "../../../config/network-configuration.ts";
import { readRegularFile } from "../../../files/regular-file.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";

export type TlsFileSettings = Pick<EtcdSettings, "certFile" | "keyFile" | "trustedCaFile">;

/** What the certificate files held at one moment. */
export interface TlsMaterial {
  readonly files: TlsFileSettings;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  /** Changes when a file is replaced or rewritten. */
  readonly stamp: string;
}

/** Reads the certificate files; a missing or unreadable one is "refused", naming setting and path. */
export function readTlsFiles(files: TlsFileSettings): TlsMaterial {
  const stamp = tlsStamp(files);
  const cert = readNamed("etcdCertFile", files.certFile);
  const key = readNamed("etcdKeyFile", files.keyFile);
  const ca = readNamed("etcdTrustedCAFile", files.trustedCaFile);
  return {
    files,
    stamp,
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
  };
}

/** Which version of the files lies on the disk now, without reading them; "" where there are none. */
export function tlsStamp({ certFile, keyFile, trustedCaFile }: TlsFileSettings): string {
  return [certFile, keyFile, trustedCaFile]
    .filter((path) => path !== undefined)
    .map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? "missing" : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
    })
    .join(" ");
}

function readNamed(setting: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readRegularFile(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "the file is missing" : String(error);
    throw new StoreFailure(
      "refused",
      `etcd's ${setting} ${path} cannot be read: ${reason}`,
      "Put the file there, or correct the configuration.",
    );
  }
}
