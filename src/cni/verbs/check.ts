import { parseCniArgs } from "../../config/parse/cni-args.ts";
import { check as checkAttachment } from "../../ipam/check/check.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Host, Request } from "../protocol/call.ts";
import { attachmentOf } from "../protocol/identity.ts";

/** CHECK: the store must hold what the previous result says. */
export async function check(request: Request, host: Host): Promise<void> {
  const { configuration, parameters, deadline } = request;
  const { network, prevResultIps } = configuration;
  if (prevResultIps === undefined) {
    throw new IpamError(
      "invalidConfig",
      "Required prevResult missing",
      "CHECK needs the result of the ADD as prevResult",
    );
  }
  const ports = await host.openPorts(request);
  try {
    const identity = attachmentOf(request, parseCniArgs(parameters.args, "check"));
    await checkAttachment(
      { ...identity, network, expected: prevResultIps.map(({ address }) => address), deadline },
      ports,
    );
  } finally {
    await ports.close();
  }
}
