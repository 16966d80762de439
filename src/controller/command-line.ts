import type { Command } from "commander";
import { secondsUpTo, withExamples } from "../command-line/common-options.ts";

const CLOSING = `
Replicas elect one leader, by a Lease of the service's name. Only the leader frees addresses, ends
reservations and counts pools; every replica serves. On SIGTERM the leader gives up its Lease at once.
docs/controller.md describes what it needs and does.`;

/** The options and help of `kube-ipam controller`, without any code of the controller. */
export function describeController(command: Command): Command {
  command
    .description(
      "run the cluster's daemon: free what fenced nodes hold, end reservations, count addresses, and serve admission " +
        "and the operators' API",
    )
    .option(
      "--config <file>",
      "store and pools, in the format of the node's file (default: $KUBE_IPAM_CONFIG, else /etc/kube-ipam/config.json)",
    )
    .option(
      "--kubeconfig <file>",
      "kubeconfig of the cluster (default: the configuration's kubeConfig, else this pod's service account)",
    )
    .option("--namespace <name>", "namespace of its Lease and Secret (default: this pod's, else kube-ipam)")
    .option("--listen <host:port>", "HTTP: /healthz, /readyz, /metrics")
    .option("--listen-tls <host:port>", "HTTPS: admission and the operators' API")
    .option(
      "--admission-client-ca <file>",
      "authorities (PEM) of the clients that may ask for admission (default: whoever connects)",
    )
    .option("--interval <seconds>", "time between the leader's rounds", secondsUpTo(3_600), 30)
    .option("--service <name>", "name of the Service that leads to it", "kube-ipam-controller")
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", CLOSING);
  withExamples(command, [
    ["kube-ipam controller --kubeconfig admin.conf --listen 127.0.0.1:9468", "outside a cluster, to try it"],
  ]);
  return command;
}
