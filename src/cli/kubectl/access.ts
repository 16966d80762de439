import type { Command } from "commander";
import { withTimeout } from "../../command-line/common-options.ts";
import type { Access } from "../ip/access.ts";
import { type KubectlOptions, placeOf } from "./place.ts";
import { remoteAddresses } from "./remote-addresses.ts";

/** The options that kubectl's users know. */
export function withKubectlOptions(command: Command): Command {
  return withTimeout(
    command
      .option("--kubeconfig <file>", "kubeconfig of the cluster (default: $KUBECONFIG, else ~/.kube/config)")
      .option("--context <name>", "context of the kubeconfig (default: its current one)")
      .option("-n, --namespace <name>", "Kubernetes namespace (default: the context's)")
      .option("-A, --all-namespaces", "all Kubernetes namespaces, and what belongs to none"),
  );
}

/** Works through the controller, with the caller's own rights: `kubectl ipam …`. */
export const kubectlAccess: Access<KubectlOptions> = {
  withOptions: withKubectlOptions,
  filtersByNamespace: false,
  evidence:
    "Without --force only if the holder's node is fenced, because only that node itself can see whether it is gone. --force needs --all-namespaces",
  open: async (given, work, { namespace } = {}) => work(remoteAddresses(await placeOf(given, namespace))),
};
