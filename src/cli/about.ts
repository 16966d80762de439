import { SUPPORTED_VERSIONS } from "../cni/protocol/versions.ts";
import { printErrText } from "../command-line/print.ts";
import { RELEASED, VERSION } from "../command-line/release.ts";

/** The line that every CNI plugin prints when it is started by hand. */
export const PROTOCOL_LINE = `CNI protocol versions supported: ${SUPPORTED_VERSIONS.join(", ")}`;

/** What kube-ipam is, in one line. */
export const ABOUT = "CNI IPAM plugin: fixed pod addresses, one owner per address in the whole cluster";

/** The text of `--version`, in the words of kube-ipam 0.2. */
export function versionText(): string {
  return `  Version: kube-ipam v${VERSION}\n  Release Date: ${RELEASED}\n`;
}

/** For a start without arguments. Prints on stderr: a runtime would read stdout. */
export function printUsage(): number {
  printErrText(`kube-ipam v${VERSION}: ${ABOUT}
${PROTOCOL_LINE}

A container runtime starts it with CNI_COMMAND in the environment and the network configuration on stdin.
By hand:
  kube-ipam --help                    all commands
  kube-ipam ip list                   who has which address
  kube-ipam store status              the store and what it holds
  kube-ipam doctor                    what this node lacks, and what to do
  kube-ipam --outputconf macvlan      a configuration to start from
`);
  return 0;
}
