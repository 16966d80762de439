import { IpamError } from "../../ipam/errors.ts";
import { collect } from "../../ipam/free/collect.ts";
import type { Host, Request } from "../protocol/call.ts";

/**
 * GC: free this node's attachments of this network that the runtime does not know, on EVIDENCE, and
 * nothing else: other networks have a GC of their own.
 */
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
    const { name, space, coolingSeconds } = network;
    await collect({ network: name, space, valid: validAttachments, coolingSeconds, deadline }, ports);
  } finally {
    await ports.close();
  }
}
