import { statSync } from "node:fs";
import type { EtcdSettings } from "../../../config/network-configuration.ts";
import { readRegularFile } from "../../../files/regular-file.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { certificateBlocks, certificateTextFault, keyTextFault, type TlsFault } from "../../../tls/pem.ts";

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

/**
 * Reads the certificate files.
 *
 * @throws StoreFailure refused, with setting and path, where one is missing, cannot be read, or does not even look like
 * what it should hold.
 */
export function readTlsFiles(files: TlsFileSettings): TlsMaterial {
  const stamp = tlsStamp(files);
  const labels = labelsOf(files);
  const cert = readNamed(labels.cert, files.certFile);
  const key = readNamed(labels.key, files.keyFile);
  const ca = readNamed(labels.ca, files.trustedCaFile);
  const fault =
    faultIn(cert, labels.cert, certificateTextFault) ??
    faultIn(key, labels.key, keyTextFault) ??
    faultIn(ca, labels.ca, certificateTextFault);
  if (fault !== undefined) throw new StoreFailure("refused", fault.reason, fault.remedy);
  return {
    files,
    stamp,
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca: certificateBlocks(ca).join("\n") }),
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

/** What the files are called in messages. */
export function labelsOf({ certFile, keyFile, trustedCaFile }: TlsFileSettings) {
  return {
    cert: `etcdCertFile ${certFile}`,
    key: `etcdKeyFile ${keyFile}`,
    ca: `etcdTrustedCAFile ${trustedCaFile}`,
  };
}

function faultIn(
  text: string | undefined,
  label: string,
  faultOf: (text: string, label: string) => TlsFault | undefined,
): TlsFault | undefined {
  return text === undefined ? undefined : faultOf(text, label);
}

function readNamed(label: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readRegularFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "the file is missing" : message;
    throw new StoreFailure(
      "refused",
      `etcd's ${label} cannot be read: ${reason}`,
      "put the file there, or correct the configuration",
    );
  }
}
