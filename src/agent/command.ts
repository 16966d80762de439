import { parseArgs } from "node:util";
import { DEFAULT_SOCKET, runAgent } from "./agent.ts";

/** `kube-ipam agent [--socket PATH] [--listen HOST:PORT]`: the exit code, once it has ended. */
export async function agentCommand(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { socket: { type: "string", default: DEFAULT_SOCKET }, listen: { type: "string" } },
    });
    return await runAgent({
      socket: values.socket,
      ...(values.listen !== undefined && { listen: values.listen }),
    });
  } catch (failure) {
    console.error(`kube-ipam agent: ${describe(failure)}`);
    return 1;
  }
}

function describe(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const details = "details" in failure ? String(failure.details) : "";
  return details === "" ? failure.message : `${failure.message}: ${details}`;
}
