import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { readRegularFile } from "../../files/regular-file.ts";
import { IpamError } from "../../ipam/errors.ts";
import { ExecPlugin } from "./exec-plugin.ts";
import {
  completeExec,
  completePlainServers,
  completeTokenFiles,
  requireFiles,
  takeExec,
} from "./kubeconfig-gaps.ts";
import { requireKubeConfigShape } from "./kubeconfig-shape.ts";
import { proxyOf } from "./proxy-of.ts";
import { requireTlsMaterial } from "./tls-material.ts";

export interface ClusterSettings {
  /** Path of a kubeconfig; absent inside a cluster. */
  readonly kubeConfig?: string;
  /** One of its contexts; absent: the current one. */
  readonly context?: string;
}

/** Where the API server is and how to be admitted. Holds secrets: never logged. */
export interface Credentials {
  /** For messages: the file, or "the service account of this pod". */
  readonly source: string;
  /** "https://127.0.0.1:6443", without a slash at its end. */
  readonly server: string;
  /** By which to ask; undefined: directly, whatever the environment says. */
  readonly proxy: string | undefined;
  /** Of the context, where it names one. */
  readonly namespace?: string;
  /**
   * Reads rotated files anew, and runs exec plugins until their credential's time is over; such a
   * plugin is ended when `signal` aborts.
   *
   * @throws IpamError kubernetesRefused naming the source and what is wrong with it.
   */
  apply(signal: AbortSignal): Promise<Admission>;
}

/** What one request must carry. */
export interface Admission {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: {
    readonly ca?: Buffer | string;
    readonly cert?: Buffer | string;
    readonly key?: Buffer | string;
    readonly rejectUnauthorized: boolean;
    readonly serverName?: string;
  };
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/**
 * Reads the kubeconfig: client certificates, token, token file, exec plugins (client-go's rules
 * for paths: relative to the file's own folder).
 *
 * @throws IpamError kubernetesRefused naming the file and what is wrong with it.
 */
export function loadCredentials({ context, kubeConfig }: ClusterSettings): Credentials {
  const source = kubeConfig ?? "the service account of this pod";
  const config = kubeConfig === undefined ? loadServiceAccount() : loadFile(kubeConfig);
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null || config.getCurrentUser() === null) {
    throw unusable(source, `its current context '${config.currentContext ?? ""}' names no cluster and user`);
  }
  const { proxyUrl } = cluster;
  const { server, basic } = orUnusable(source, () => splitServer(cluster.server));
  if (proxyUrl && !/^https?:/.test(proxyUrl)) throw unusable(source, `its proxy-url is not of http or https`);
  const settings = takeExec(config);
  const exec = settings && new ExecPlugin(settings);
  return {
    source,
    server,
    proxy: proxyUrl || orUnusable(source, () => proxyOf(server)),
    ...namespaceOf(config),
    apply: async (signal) => {
      try {
        const { headers, tls } = await admission(config, exec, signal);
        if (server.startsWith("https:")) requireTlsMaterial(tls);
        return { headers: { ...(basic !== undefined && { Authorization: basic }), ...headers }, tls };
      } catch (error) {
        throw unusable(source, reasonOf(error));
      }
    },
  };
}

/** A password in the server's URL is a credential like others, and never part of a message. */
function splitServer(text: string): { readonly server: string; readonly basic?: string } {
  if (!URL.canParse(text)) throw new Error("its server is no URL");
  const { username, password, protocol, host, pathname } = new URL(text);
  if (protocol !== "https:" && protocol !== "http:")
    throw new Error("its server is no URL that begins with https:// or http://");
  const server = `${protocol}//${host}${pathname.replace(/\/$/, "")}`;
  if (username === "" && password === "") return { server };
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { server, basic: `Basic ${Buffer.from(pair).toString("base64")}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error("its server's user name or password has a '%' that begins no escape; write it as %25");
  }
}

function namespaceOf(config: KubeConfig): { namespace?: string } {
  const namespace = config.getContextObject(config.currentContext)?.namespace;
  return namespace === undefined || namespace === "" ? {} : { namespace };
}

function loadFile(path: string): KubeConfig {
  const config = new KubeConfig();
  try {
    const text = readRegularFile(path);
    const document: unknown = Bun.YAML.parse(text);
    if (typeof document !== "object" || document === null)
      throw new Error("it is empty, or no mapping of keys");
    requireKubeConfigShape(document);
    config.loadFromString(text);
    const folder = resolve(dirname(path));
    config.makePathsAbsolute(folder);
    completePlainServers(config);
    completeTokenFiles(config, document, folder);
    completeExec(config, folder);
  } catch (error) {
    // The lines after the first would show the file's own, and what is secret in them.
    throw unusable(path, reasonOf(error).split("\n")[0] ?? "");
  }
  return config;
}

function loadServiceAccount(): KubeConfig {
  if (process.env.KUBERNETES_SERVICE_HOST === undefined || !existsSync(SERVICE_ACCOUNT)) {
    throw new IpamError(
      "kubernetesRefused",
      "no kubeConfig is configured, and this is not a pod with a service account",
      "name a kubeConfig in the network or in the node's file",
    );
  }
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

/** @throws Error in words for people. */
async function admission(
  config: KubeConfig,
  exec: ExecPlugin | undefined,
  signal: AbortSignal,
): Promise<Admission> {
  const options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0] = { headers: {} };
  requireFiles(config);
  await config.applyToHTTPSOptions(options);
  const given = await exec?.credential(signal);
  const { auth, ca, rejectUnauthorized, servername } = options as Record<string, unknown>;
  const cert = given?.clientCertificateData || options.cert;
  const key = given?.clientKeyData || options.key;
  const headers = headersOf(
    { ...(given?.token && { Authorization: `Bearer ${given.token}` }), ...options.headers },
    auth,
  );
  requireWhatWasPromised(config, headers);
  return {
    headers,
    tls: {
      ...(isPem(ca) && { ca }),
      ...(isPem(cert) && { cert }),
      ...(isPem(key) && { key }),
      ...(typeof servername === "string" && { serverName: servername }),
      rejectUnauthorized: rejectUnauthorized !== false,
    },
  };
}

/** Whoever names a way to a token does not mean to ask as nobody. */
function requireWhatWasPromised(config: KubeConfig, { Authorization }: Record<string, string>): void {
  const provider = config.getCurrentUser()?.authProvider?.name;
  if (provider === undefined || Authorization !== undefined) return;
  throw new Error(
    provider === "tokenFile"
      ? "its token file is empty"
      : `its auth-provider '${provider}' is none that is known, or it gave no token`,
  );
}

/** A token read from a file keeps its line end, which no header may have. */
function headersOf(headers: object, auth: unknown): Record<string, string> {
  const result: Record<string, string> = { Accept: "application/json" };
  for (const [name, value] of Object.entries(headers)) {
    const text = String(value).trim();
    if (!/^[\x20-\x7e]*$/.test(text))
      throw new Error(`what it gives for the header ${name} has a line break, or is not ASCII`);
    if (text !== "Bearer") result[name] = text;
  }
  if (typeof auth === "string") result.Authorization = `Basic ${Buffer.from(auth).toString("base64")}`;
  return result;
}

function isPem(value: unknown): value is Buffer | string {
  return typeof value === "string" || Buffer.isBuffer(value);
}

function orUnusable<T>(source: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unusable(source, reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error);
}

function unusable(source: string, reason: string): IpamError {
  return new IpamError(
    "kubernetesRefused",
    `the Kubernetes credentials in ${source} cannot be used`,
    `${reason}; check the file with 'kubectl --kubeconfig ${source} get pods'`,
  );
}
