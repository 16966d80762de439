import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { readRegularFile } from "../files/regular-file.ts";
import { IpamError } from "../ipam/errors.ts";
import { completeExec, completePlainServers, completeTokenFiles, requireFiles } from "./kubeconfig-gaps.ts";

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
  readonly proxy?: string;
  /** Of the context, where it names one. */
  readonly namespace?: string;
  /** Reads rotated files and runs exec plugins anew, as the client library decides. */
  apply(): Promise<Admission>;
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
  const { server, basic } = splitServer(cluster.server, source);
  if (proxyUrl !== undefined && !/^https?:/.test(proxyUrl))
    throw unusable(source, `its proxy-url is not of http or https`);
  return {
    source,
    server,
    ...(proxyUrl !== undefined && { proxy: proxyUrl }),
    ...namespaceOf(config),
    apply: async () => {
      const { headers, tls } = await admission(config, source);
      return { headers: { ...(basic !== undefined && { Authorization: basic }), ...headers }, tls };
    },
  };
}

/** A password in the server's URL is a credential like others, and never part of a message. */
function splitServer(text: string, source: string): { readonly server: string; readonly basic?: string } {
  if (!URL.canParse(text)) throw unusable(source, "its server is no URL");
  const { username, password, protocol, host, pathname } = new URL(text);
  const server = `${protocol}//${host}${pathname.replace(/\/$/, "")}`;
  if (username === "" && password === "") return { server };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { server, basic: `Basic ${Buffer.from(pair).toString("base64")}` };
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
    config.loadFromString(text);
    const folder = resolve(dirname(path));
    config.makePathsAbsolute(folder);
    completePlainServers(config);
    completeTokenFiles(config, document, folder);
    completeExec(config, folder);
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error));
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

async function admission(config: KubeConfig, source: string): Promise<Admission> {
  const options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0] = { headers: {} };
  try {
    requireFiles(config);
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    throw unusable(source, reason || "its exec plugin failed and said nothing");
  }
  const { auth, ca, cert, key, rejectUnauthorized, servername } = options as Record<string, unknown>;
  return {
    headers: headersOf(options.headers, auth),
    tls: {
      ...(isPem(ca) && { ca }),
      ...(isPem(cert) && { cert }),
      ...(isPem(key) && { key }),
      ...(typeof servername === "string" && { serverName: servername }),
      rejectUnauthorized: rejectUnauthorized !== false,
    },
  };
}

/** A token read from a file keeps its line end, which no header may have. */
function headersOf(headers: unknown, auth: unknown): Record<string, string> {
  const result: Record<string, string> = { Accept: "application/json" };
  for (const [name, value] of Object.entries(headers ?? {})) result[name] = String(value).trim();
  if (typeof auth === "string") result.Authorization = `Basic ${Buffer.from(auth).toString("base64")}`;
  return result;
}

function isPem(value: unknown): value is Buffer | string {
  return typeof value === "string" || Buffer.isBuffer(value);
}

function unusable(source: string, reason: string): IpamError {
  return new IpamError(
    "kubernetesRefused",
    `the Kubernetes credentials in ${source} cannot be used`,
    `${reason}; check the file with 'kubectl --kubeconfig ${source} get pods'`,
  );
}
