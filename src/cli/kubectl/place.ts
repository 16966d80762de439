import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isDnsLabel } from "../../address/dns-name.ts";
import { UsageError } from "../../command-line/failure.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Api } from "../../kubernetes/api/api.ts";

export interface KubectlOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  /** Seconds. */
  readonly timeout: number;
}

/** The API server, namespace and deadline of a command of `kubectl ipam`. */
export interface Place {
  readonly api: Api;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly deadline: number;
}

/**
 * Connects to the API server. Loads the client only now, because the help needs these commands without it.
 *
 * @param named the namespace of the object that a command is about; counts unless the user chose one.
 *
 * @throws IpamError kubernetesRefused, invalidConfig; UsageError.
 */
export async function placeOf(given: KubectlOptions, named?: string): Promise<Place> {
  const { allNamespaces, context, namespace, timeout } = given;
  if (allNamespaces && namespace !== undefined)
    throw new UsageError("--namespace and --all-namespaces exclude each other", "leave one of them out");
  if (namespace !== undefined && !isDnsLabel(namespace))
    throw new UsageError(`'${namespace}' names no namespace`, "give it as kubectl get namespaces shows it");
  const settings = { kubeConfig: kubeConfigOf(given), ...(context !== undefined && { context }) };
  const { loadCredentials } = await import("../../kubernetes/credentials/credentials.ts");
  const { Api } = await import("../../kubernetes/api/api.ts");
  const credentials = loadCredentials(settings);
  return {
    api: new Api(credentials),
    namespace: allNamespaces ? undefined : (namespace ?? named ?? credentials.namespace ?? "default"),
    deadline: performance.now() + timeout * 1000,
  };
}

function kubeConfigOf({ kubeconfig }: KubectlOptions): string {
  if (kubeconfig !== undefined) return kubeconfig;
  const named = (process.env.KUBECONFIG ?? "").split(":").filter((path) => path !== "");
  const candidates = [...named, join(homedir(), ".kube/config")];
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new IpamError(
    "invalidConfig",
    `there is no kubeconfig: ${candidates.join(", ")}`,
    "name one with --kubeconfig or $KUBECONFIG",
  );
}
