import { parseArgs } from "node:util";
import { IpamError } from "../ipam/errors.ts";
import { printDaemonFailure } from "../runtime/daemon.ts";
import { DEFAULT_SOCKET, runAgent } from "./agent.ts";
import type { HostCredentialsOptions } from "./host-credentials.ts";

/**
 * `kube-ipam agent [--socket PATH] [--listen HOST:PORT] [--host-kubeconfig PATH] [--host-etcd FROM:TO]`:
 * the exit code, once it has ended.
 */
export async function agentCommand(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        socket: { type: "string", default: DEFAULT_SOCKET },
        listen: { type: "string" },
        "host-kubeconfig": { type: "string" },
        "host-etcd": { type: "string" },
      },
    });
    return await runAgent({
      socket: values.socket,
      ...(values.listen !== undefined && { listen: values.listen }),
      host: hostCredentials(values["host-kubeconfig"], values["host-etcd"]),
    });
  } catch (failure) {
    printDaemonFailure("kube-ipam agent", failure);
    return 1;
  }
}

function hostCredentials(kubeconfig: string | undefined, etcd: string | undefined): HostCredentialsOptions {
  const [from, to, ...rest] = etcd?.split(":") ?? [];
  if (etcd !== undefined && (!from || !to || rest.length > 0))
    throw new IpamError("invalidConfig", `expected --host-etcd FROM:TO, got '${etcd}'`);
  return { ...(kubeconfig !== undefined && { kubeconfig }), ...(from && to && { etcd: { from, to } }) };
}
