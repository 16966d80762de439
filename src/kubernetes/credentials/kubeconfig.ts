import { resolve } from "node:path";
import type { Access } from "./access.ts";
import { execSettings } from "./exec-settings.ts";
import { type KubeConfigFile, readFile } from "./kubeconfig-file.ts";
import {
  type ClusterEntry,
  clusterShape,
  contextShape,
  readAs,
  type UserEntry,
  userShape,
} from "./kubeconfig-shape.ts";
import type { Material } from "./material.ts";

/**
 * What one context of a kubeconfig says, by client-go's rules (tools/clientcmd): paths are relative to
 * the file's own folder, and of two ways to say one thing neither is chosen.
 *
 * @param wanted the context; absent: the current one.
 * @throws Error naming the entry and what is wrong with it, never a value that may be secret.
 */
export function readKubeConfig(path: string, wanted: string | undefined): Access {
  return accessIn([readFile(path)], wanted);
}

/**
 * The same for several files: of each name the first counts that has it, and so of the current context. Paths are
 * relative to the file that they stand in.
 *
 * @throws as `readKubeConfig`.
 */
export function accessIn(files: readonly KubeConfigFile[], wanted: string | undefined): Access {
  const current = files.map(({ found }) => found["current-context"]).find((each) => each !== undefined);
  const name = wanted ?? current ?? "";
  const { cluster, namespace, user } = inContext(name, () => {
    const context = entryNamed("context", files, name);
    const names = readAs(contextShape, context.entry, context.where);
    return {
      namespace: names.namespace,
      cluster: entryNamed("cluster", files, names.cluster ?? ""),
      user: entryNamed("user", files, names.user ?? ""),
    };
  });
  const server = readAs(clusterShape, cluster.entry, cluster.where);
  const identity = readAs(userShape, user.entry, user.where);
  return {
    namespace,
    ...serverOf(server, cluster),
    ...identityOf(identity, user),
    exec: identity.exec ? execSettings(identity.exec, server, user.folder) : undefined,
  };
}

/** One entry, and where it stands. */
interface FoundEntry extends Place {
  readonly entry: unknown;
}

interface Place {
  /** For messages: "users[0].user". */
  readonly where: string;
  /** That relative paths are relative to. */
  readonly folder: string;
}

type Kind = "cluster" | "context" | "user";
type Named = { readonly name: string } & { readonly [P in Kind]?: unknown };

function entryNamed(kind: Kind, files: readonly KubeConfigFile[], name: string): FoundEntry {
  for (const { folder, found } of files) {
    const entries: readonly Named[] = found[`${kind}s`];
    const [first, second] = entries.flatMap((entry, index) =>
      name !== "" && entry.name === name
        ? [{ entry: entry[kind] ?? {}, where: `${kind}s[${index}].${kind}`, folder }]
        : [],
    );
    if (second !== undefined) throw new Error(`there are two ${kind}s '${name}'`);
    if (first !== undefined) return first;
  }
  throw new Error(`there is no ${kind} '${name}'`);
}

function inContext<T>(context: string, choose: () => T): T {
  try {
    return choose();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`its current context '${context}' names no cluster and user: ${reason}`);
  }
}

function serverOf(entry: ClusterEntry, place: Place) {
  const isUnverified = entry["insecure-skip-tls-verify"] === true;
  const authority = materialOf(entry, "certificate-authority", place);
  if (isUnverified && authority !== undefined && !/^http:/i.test(entry.server))
    throw new Error(`its ${place.where} has both insecure-skip-tls-verify and a certificate-authority`);
  return {
    server: entry.server,
    proxyUrl: entry["proxy-url"],
    tlsServerName: entry["tls-server-name"],
    isUnverified,
    authority,
  };
}

function identityOf(entry: UserEntry, place: Place) {
  refuseUnsupported(entry, place.where);
  return {
    token: tokenOf(entry, place),
    basic: basicOf(entry, place.where),
    certificate: materialOf(entry, "client-certificate", place),
    certificateKey: materialOf(entry, "client-key", place),
    impersonated: entry.as,
  };
}

/** Refuses what would make the API server see another user than the file means. */
function refuseUnsupported(entry: UserEntry, where: string): void {
  const provider = entry["auth-provider"]?.name;
  if (provider !== undefined)
    throw new Error(
      `its auth-provider '${provider}' is not supported (${where}): use a token, a client certificate or exec`,
    );
  for (const key of ["as-uid", "as-groups", "as-user-extra"] as const)
    if (Object.keys(entry[key] ?? {}).length > 0)
      throw new Error(`its key ${where}.${key} is not supported; only 'as' is`);
}

function tokenOf({ token, tokenFile }: UserEntry, { where, folder }: Place): Material | undefined {
  if (tokenFile !== undefined) return { key: `${where}.tokenFile`, path: resolve(folder, tokenFile) };
  return token === undefined ? undefined : { key: `${where}.token`, text: token };
}

function basicOf({ password = "", token, tokenFile, username }: UserEntry, where: string) {
  if (username === undefined && password === "") return undefined;
  if (username === undefined) throw new Error(`its ${where} has a password and no username`);
  if (token === undefined && tokenFile === undefined) return { username, password };
  throw new Error(`its ${where} has both a token and a username`);
}

type Key<E> = keyof { [K in keyof E as `${string & K}-data` extends keyof E ? K : never]: true } & string;

/** What stands in the kubeconfig in base64, or is named there as a file. */
function materialOf<E extends object>(entry: E, key: Key<E>, { where, folder }: Place): Material | undefined {
  const { [key]: path, [`${key}-data`]: data } = entry as Record<string, string | undefined>;
  if (path !== undefined && data !== undefined)
    throw new Error(`its ${where} has both ${key} and ${key}-data`);
  if (path !== undefined) return { key: `${where}.${key}`, path: resolve(folder, path) };
  return data === undefined ? undefined : { key, text: decoded(data, `${where}.${key}-data`) };
}

function decoded(base64: string, key: string): string {
  try {
    return Buffer.from(Uint8Array.fromBase64(base64, { lastChunkHandling: "strict" })).toString();
  } catch {
    throw new Error(`its key ${key} is no base64`);
  }
}
