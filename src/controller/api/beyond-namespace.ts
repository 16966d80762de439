import { IpamError } from "../../ipam/errors.ts";

/** What a caller with rights in one namespace asks, and only rights in the whole cluster would allow. */
export class BeyondNamespace extends IpamError {
  constructor(message: string, details: string) {
    super("addressNotAllowed", `with rights in one namespace you cannot ${message}`, details);
  }
}
