import { parseCniArgs } from "../../config/parse/cni-args.ts";
import { release } from "../../ipam/free/release.ts";
import type { Host, Request } from "../protocol/call.ts";
import { attachmentOf } from "../protocol/identity.ts";
import { afterwards } from "./afterwards.ts";

/**
 * DEL: free whatever the attachment holds; nothing to free is success.
 *
 * @returns the addresses, for the log, or that the DEL waits on disk.
 */
export async function del(request: Request, host: Host): Promise<readonly string[] | "kept"> {
  const { configuration, deadline } = request;
  const ports = await host.openPorts(request);
  try {
    const { attachment } = attachmentOf(request, parseCniArgs(""));
    const { coolingSeconds } = configuration.network;
    const asked = { attachment, coolingSeconds, deadline, acceptKept: host.reclaims === true };
    const freed = await release(asked, ports);
    await afterwards(host, ports, deadline);
    return freed;
  } finally {
    await ports.close();
  }
}
