import type { NodeFileText } from "../../config/settings/node-file.ts";
import { IpamError, OthersWords } from "../../ipam/errors.ts";
import type { Labels } from "../../tls/material-fault.ts";
import { certificateBlocks, certificateTextFault, type TlsFault } from "../../tls/pem.ts";
import type { Access } from "./access.ts";
import { type Authentication, authenticate, basicAuthorization } from "./authentication.ts";
import { ExecPlugin } from "./exec-plugin.ts";
import { accessIn, readKubeConfig } from "./kubeconfig.ts";
import { readListed } from "./kubeconfig-file.ts";
import { labelOf } from "./material.ts";
import { networksAccess } from "./networks-access.ts";
import { proxyOf } from "./proxy-of.ts";
import { serviceAccount } from "./service-account.ts";

export interface ClusterSettings {
  /** Path of a kubeconfig; absent inside a cluster. */
  readonly kubeConfig?: string;
  /**
   * A network has named the kubeconfig, and no administrator of this node: root starts no program that it
   * names, and sends no file from elsewhere to the server that it names.
   */
  readonly byNetwork?: boolean;
  /** The files of $KUBECONFIG, which are read as one; count where `kubeConfig` is absent. */
  readonly kubeConfigs?: readonly string[];
  /** One of its contexts; absent: the current one. */
  readonly context?: string;
  /** Reads the node's file, whose pools the definitions of networks may name; absent: no pool is known. */
  readonly nodeFile?: () => NodeFileText | undefined;
}

/** Where the API server is, and how a client authenticates. Holds secrets: never logged. */
export interface Credentials {
  /** For messages: the file, or "the service account of this pod". */
  readonly source: string;
  /** "https://127.0.0.1:6443", without a slash at its end. */
  readonly server: string;
  /** The proxy to connect through; undefined: none, whatever the environment says. */
  readonly proxy: string | undefined;
  /** Of the context, where it names one. */
  readonly namespace?: string;
  /**
   * What the next request carries. Reads rotated files again, and runs the exec plugin once its last
   * credential has expired; ends a running plugin when `signal` aborts.
   *
   * @throws IpamError kubernetesRefused naming the source and what is wrong with it.
   */
  apply(signal: AbortSignal): Promise<Authentication>;
  /**
   * What of it can be used, for a connection that could not even be set up. `apply` looks at certificates themselves
   * only where it shows one: to read them takes longer than to connect, and Bun refuses all where one cannot be read.
   *
   * @throws IpamError kubernetesRefused naming the source and what is wrong with it.
   */
  examined(tls: Authentication["tls"]): Promise<Authentication["tls"]>;
  /** Names where the trusted authorities came from: a file, or `source`. */
  readonly authority: string;
  /** Names certificates and keys in messages. */
  readonly labels: Labels;
  /** Looks at the client certificate that the last request carried, for `doubt`: the server has refused us. */
  lookAtCertificate(): Promise<void>;
  /** What was visibly wrong with it. */
  doubt(): TlsFault | undefined;
}

/**
 * Reads the kubeconfig: client certificates, token, token file, exec plugins (client-go's rules
 * for paths: relative to the file's own folder).
 *
 * @throws IpamError kubernetesRefused naming the file and what is wrong with it.
 */
export function loadCredentials(settings: ClusterSettings): Credentials {
  const source = sourceOf(settings);
  try {
    return credentialsBy(accessBy(settings), source);
  } catch (error) {
    throw unusable(source, error);
  }
}

/** For people: the file or files, or "the service account of this pod". */
export function sourceOf({ kubeConfig, kubeConfigs }: ClusterSettings): string {
  return kubeConfig ?? kubeConfigs?.join(":") ?? "the service account of this pod";
}

/** @throws Error in words for people. */
function accessBy({ byNetwork, context, kubeConfig, kubeConfigs }: ClusterSettings): Access {
  if (kubeConfig !== undefined) {
    const access = readKubeConfig(kubeConfig, context);
    return byNetwork ? networksAccess(access, kubeConfig) : access;
  }
  return kubeConfigs === undefined ? serviceAccount() : accessIn(readListed(kubeConfigs), context);
}

/** @throws Error in words for people. */
function credentialsBy(access: Access, source: string): Credentials {
  const { exec, namespace, proxyUrl } = access;
  const { server, basic } = splitServer(withScheme(access));
  if (proxyUrl !== undefined && !(/^https?:/.test(proxyUrl) && URL.canParse(proxyUrl)))
    throw new Error("its proxy-url is not of http or https");
  const plugin = exec && new ExecPlugin(exec);
  const labels = labelsOf(access);
  let shown: string | undefined;
  let doubt: TlsFault | undefined;
  return {
    source,
    server,
    proxy: proxyUrl ?? proxyOf(server),
    ...(namespace && { namespace }),
    apply: async (signal) => {
      try {
        const { headers, tls } = await authenticate(access, plugin, signal);
        const tried = server.startsWith("https:") ? await outlined(tls, labels) : tls;
        shown = tried.cert;
        return { headers: { ...(basic !== undefined && { Authorization: basic }), ...headers }, tls: tried };
      } catch (error) {
        throw unusable(source, error);
      }
    },
    examined: async (tls) => {
      try {
        return await usable(tls, labels);
      } catch (error) {
        throw unusable(source, error);
      }
    },
    authority: labels.ca === AUTHORITY ? source : labels.ca.slice(AUTHORITY.length + 1),
    labels,
    lookAtCertificate: async () => {
      if (shown === undefined) return;
      const { clientCertificateFault } = await import("../../tls/material-fault.ts");
      doubt = clientCertificateFault(shown, labels.cert);
    },
    doubt: () => doubt,
  };
}

type Tls = Authentication["tls"];

/** What a connection can be tried with: authorities alone by their outline, anything else as `usable`. */
async function outlined(tls: Tls, labels: Labels): Promise<Tls> {
  const { ca, cert, key } = tls;
  if (cert !== undefined || key !== undefined) return usable(tls, labels);
  if (ca === undefined) return tls;
  const fault = certificateTextFault(ca, labels.ca);
  if (fault !== undefined) throw new Error(`its ${fault.reason}: ${fault.remedy}`);
  return { ...tls, ca: certificateBlocks(ca).join("\n") };
}

async function usable(tls: Tls, labels: Labels): Promise<Tls> {
  const { usableTlsMaterial } = await import("./tls-material.ts");
  return usableTlsMaterial(tls, labels);
}

const AUTHORITY = "certificate-authority";

function labelsOf({ authority, certificate, certificateKey }: Access): Labels {
  return {
    ca: labelOf(authority, AUTHORITY),
    cert: labelOf(certificate, "client-certificate"),
    key: labelOf(certificateKey, "client-key"),
  };
}

/**
 * A kubeconfig may name host and port alone: https where it says how to check or show a certificate, as for kubectl.
 * Where it does not, kubectl speaks http: nobody means that who has a token to keep.
 */
function withScheme({ authority, certificate, isUnverified, server }: Access): string {
  const isTls = authority !== undefined || certificate !== undefined || isUnverified;
  return isTls && HOST.test(server) ? `https://${server}` : server;
}

/** A name, or an address (of IPv6 in brackets), with or without a port. */
const HOST = /^(\[[^\]]+\]|[^/?#@:[\]\s]+)(:[0-9]+)?\/?$/;

/** A password in the server's URL is a credential like others, and never part of a message. */
function splitServer(text: string): { readonly server: string; readonly basic?: string } {
  if (!URL.canParse(text)) throw new Error("its server is no URL");
  const { username, password, protocol, host, pathname } = new URL(text);
  if (protocol !== "https:" && protocol !== "http:")
    throw new Error("its server is no URL that begins with https:// or http://");
  const server = `${protocol}//${host}${pathname.replace(/\/$/, "")}`;
  if (username === "" && password === "") return { server };
  return { server, basic: basicAuthorization(decoded(username), decoded(password)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error("its server's user name or password has a '%' that begins no escape; write it as %25");
  }
}

function unusable(source: string, error: unknown): IpamError {
  if (error instanceof IpamError) return error;
  const reason = error instanceof Error ? error.message.trim() : String(error);
  const said = error instanceof Error && error.cause instanceof OthersWords ? error.cause : undefined;
  return new IpamError(
    "kubernetesRefused",
    `the Kubernetes credentials in ${source} cannot be used`,
    `${reason}; check ${checkedBy(source)}`,
    { cause: said },
  );
}

function checkedBy(source: string): string {
  return source.includes(":")
    ? `them with 'KUBECONFIG=${source} kubectl get pods'`
    : `the file with 'kubectl --kubeconfig ${source} get pods'`;
}
