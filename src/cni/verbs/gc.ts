import { collect } from "../../ipam/collect.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Host, Request } from "../call.ts";
import { afterwards } from "./afterwards.ts";

/** GC: free this node's attachments of this network that the runtime does not know, on EVIDENCE. */
export async function gc(request: Request, host: Host): Promise<void> {
  const { configuration, deadline } = request;
  const { network, validAttachments } = configuration;
  if (validAttachments === undefined) {
    throw new IpamError(
      "invalidConfig",
      "GC needs the list of valid attachments",
      "expected the key cni.dev/valid-attachments (or cni.dev/attachments); nothing was freed",
    );
  }
  const ports = await host.openPorts(request);
  try {
    const { name, coolingSeconds } = network;
    await collect({ network: name, valid: validAttachments, coolingSeconds, deadline }, ports);
    await afterwards(host, ports, deadline);
  } finally {
    await ports.close();
  }
}
