import type { CniArgs } from "../../config/parse/cni-args.ts";
import type { AttachmentId, PodId } from "../../ipam/records.ts";
import type { Request } from "./call.ts";

/** The attachment that a request is about, and its pod where the runtime names one. */
export function attachmentOf(request: Request, args: CniArgs): { attachment: AttachmentId; pod?: PodId } {
  const { configuration, parameters } = request;
  const attachment = {
    network: configuration.network.name,
    container: parameters.container,
    ifname: parameters.ifname,
  };
  const { pod } = args;
  return { attachment, ...(pod && { pod }) };
}
