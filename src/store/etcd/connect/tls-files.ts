import { statSync } from "node:fs";
import type { EtcdSettings } from "../../../config/network-configuration.ts";
import { readRegularFile } from "../../../files/regular-file.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";

/** The settings that name certificate files. */
export type TlsFileSettings = Pick<EtcdSettings, "certFile" | "keyFile" | "trustedCaFile">;

/** The content of the certificate files at one moment. */
export interface TlsMaterial {
  readonly files: TlsFileSettings;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  /** Changes when a file is replaced or rewritten. */
  readonly stamp: string;
}

/** Reads the certificate files. @throws StoreFailure refused, with setting and path, where one is missing or cannot be read. */
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

/** A stamp of the files on the disk, made without reading them; "" where no files are configured. */
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
      "put the file there, or correct the configuration",
    );
  }
}
