import type { Command } from "commander";
import { secondsUpTo, withExamples } from "../command-line/common-options.ts";

const CLOSING = `
Replicas agree on one leader by the Lease of the service's name; only the leader frees, ends
reservations and counts pools, and every replica serves. SIGTERM gives the lead up at once.
docs/controller.md tells what it needs and does.`;

/** What `kube-ipam controller` takes and says of itself, without any code of the controller. */
export function describeController(command: Command): Command {
  command
    .description("looks after a cluster: frees what fenced nodes hold, ends reservations, counts, serves")
    .option(
      "--config <file>",
      "store and pools, in the format of the node's file (default: $KUBE_IPAM_CONFIG, else /etc/kube-ipam/config.json)",
    )
    .option(
      "--kubeconfig <file>",
      "how to reach Kubernetes (default: the configuration's kubeConfig, else the service account of the own pod)",
    )
    .option("--namespace <name>", "where its Lease and Secret lie (default: the own pod's, else kube-ipam)")
    .option("--listen <host:port>", "HTTP: /healthz, /readyz, /metrics")
    .option("--listen-tls <host:port>", "HTTPS: admission and the operators' API")
    .option("--interval <seconds>", "how often the leader looks for what has changed", secondsUpTo(3_600), 30)
    .option("--service <name>", "the Service by which it is reached", "kube-ipam-controller")
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", CLOSING);
  withExamples(command, [
    ["kube-ipam controller --kubeconfig admin.conf --listen 127.0.0.1:9468", "outside a cluster, to try it"],
  ]);
  return command;
}
