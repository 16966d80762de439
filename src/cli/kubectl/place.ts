import { existsSync } from "node:fs";
import { isDnsLabel } from "../../address/dns-name.ts";
import { UsageError } from "../../command-line/failure.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Api } from "../../kubernetes/api/api.ts";
import type { ClusterSettings } from "../../kubernetes/credentials/credentials.ts";
import { homeKubeConfig, kubeConfigList } from "../../kubernetes/credentials/kubeconfig-list.ts";

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
  const settings = { ...kubeConfigOf(given), ...(context !== undefined && { context }) };
  const { loadCredentials } = await import("../../kubernetes/credentials/credentials.ts");
  const { Api } = await import("../../kubernetes/api/api.ts");
  const credentials = loadCredentials(settings);
  return {
    api: new Api(credentials),
    namespace: allNamespaces ? undefined : (namespace ?? named ?? credentials.namespace ?? "default"),
    deadline: performance.now() + timeout * 1000,
  };
}

/** As kubectl: the files of $KUBECONFIG where it names any, and only then not ~/.kube/config. */
function kubeConfigOf({ kubeconfig }: KubectlOptions): ClusterSettings {
  if (kubeconfig !== undefined) return { kubeConfig: kubeconfig };
  const named = kubeConfigList();
  const candidates = named.length > 0 ? named : [homeKubeConfig()];
  if (candidates.some((path) => existsSync(path)))
    return named.length > 0 ? { kubeConfigs: named } : { kubeConfig: candidates.join() };
  throw new IpamError(
    "invalidConfig",
    `there is no kubeconfig: ${candidates.join(", ")}`,
    "name one with --kubeconfig or $KUBECONFIG",
  );
}
