import { IpamError } from "../../ipam/errors.ts";

/** Why the plugin's own judgement would refuse; undefined where it would not. */
export function refusalIn(judge: () => void): IpamError | undefined {
  try {
    judge();
    return undefined;
  } catch (failure) {
    if (failure instanceof IpamError) return failure;
    throw failure;
  }
}
