import type { Command } from "commander";
import { withTimeout } from "../../command-line/common-options.ts";
import type { Access } from "../ip/access.ts";
import { type KubectlOptions, placeOf } from "./place.ts";
import { remoteAddresses } from "./remote-addresses.ts";

/** The options that kubectl's users know. */
export function withKubectlOptions(command: Command): Command {
  return withTimeout(
    command
      .option("--kubeconfig <file>", "how to reach the cluster (default: $KUBECONFIG, else ~/.kube/config)")
      .option("--context <name>", "this context of the kubeconfig (default: its current one)")
      .option("-n, --namespace <name>", "this Kubernetes namespace (default: the context's)")
      .option("-A, --all-namespaces", "everything, whichever namespace it belongs to, or to none"),
  );
}

/** Through the controller, under the caller's own rights: `kubectl ipam …`. */
export const kubectlAccess: Access<KubectlOptions> = {
  withOptions: withKubectlOptions,
  filtersByNamespace: false,
  evidence: "only its own node sees that, so that from afar it takes --force",
  open: async (given, work, { namespace } = {}) => work(remoteAddresses(await placeOf(given, namespace))),
};
