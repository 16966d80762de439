import { parseCniArgs } from "../../config/cni-args.ts";
import { release } from "../../ipam/release.ts";
import type { Host, Request } from "../call.ts";
import { attachmentOf } from "../identity.ts";
import { afterwards } from "./afterwards.ts";

/** DEL: free whatever the attachment holds; nothing to free is success. */
export async function del(request: Request, host: Host): Promise<void> {
  const { configuration, deadline } = request;
  const ports = await host.openPorts(request);
  try {
    const { attachment } = attachmentOf(request, parseCniArgs(""));
    const { coolingSeconds } = configuration.network;
    await release({ attachment, coolingSeconds, deadline, acceptKept: host.reclaims === true }, ports);
    await afterwards(host, ports, deadline);
  } finally {
    await ports.close();
  }
}
