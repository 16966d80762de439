import { handle, type Outcome } from "../../cni/handle.ts";
import type { Host } from "../../cni/protocol/call.ts";
import { logVerb } from "../../cni/verb-line.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import type { Log } from "../../ipam/ports.ts";
import { pluginLog } from "../../log/plugin-log.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import type { LendPorts } from "../warm/lend-ports.ts";
import type { BufferedLog } from "./buffered-log.ts";
import type { Connection } from "./connection.ts";
import { cannotSeeNamespace } from "./namespace-visibility.ts";
import type { AgentRequest } from "./protocol.ts";

export interface VerbOptions {
  readonly lendPorts: LendPorts;
  readonly clusterPools?: Host["clusterPools"];
  /** For lines that belong to no network. */
  readonly log: Log;
  /** Called when a verb has ended. */
  readonly observe?: (command: string, outcome: Outcome, milliseconds: number) => void;
}

/**
 * Performs one verb with the plugin's own code, answers it and logs it. Where this process sees no
 * network namespaces it ends the connection without an answer, and the shim falls back.
 */
export async function performVerb(
  request: AgentRequest,
  connection: Connection,
  options: VerbOptions,
  buffered: BufferedLog,
): Promise<void> {
  const started = performance.now();
  // The end of a connection that came together with the request is only seen in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  if (connection.gone.aborted) return;
  if (cannotSeeNamespace(request.env, options.log)) {
    // Without an answer the shim falls back to the complete plugin, which looks from the host.
    connection.end();
    return;
  }
  let nodeFile: NodeFileText | undefined;
  const outcome = await handle(
    { env: request.env, stdin: () => ({ text: request.stdin, whole: true }), started },
    {
      nodeFile: () => {
        nodeFile = readNodeFile();
        return nodeFile;
      },
      ...(options.clusterPools && { clusterPools: options.clusterPools }),
      openPorts: (understood, adding) => {
        const log = pluginLog(understood.configuration.node, buffered.append);
        for (const warning of understood.configuration.warnings) log("warn", warning);
        return options.lendPorts(understood, log, adding);
      },
      deliver: async (stdout, exitCode) => {
        await buffered.written();
        await connection.answer({ stdout, exitCode });
      },
      reclaims: true,
      ending: connection.gone,
    },
  );
  if (!connection.answered) {
    await connection.answer({ stdout: "", exitCode: outcome.exitCode }).catch(() => undefined);
  }
  const milliseconds = performance.now() - started;
  options.observe?.(request.env.CNI_COMMAND ?? "", outcome, milliseconds);
  if (request.env.CNI_COMMAND === "VERSION") return;
  const { request: understood } = outcome;
  // Where there is a node's file, no network says where the log is.
  if (understood && nodeFile !== undefined) buffered.keepSmall(understood.configuration.node.logFile);
  logVerb(
    understood ? pluginLog(understood.configuration.node, buffered.append) : options.log,
    request.env,
    outcome,
    milliseconds,
  );
}
