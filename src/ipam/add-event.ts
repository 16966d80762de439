import type { Address } from "../address/address.ts";
import type { IpamError } from "./errors.ts";
import type { Holder, PodId } from "./records.ts";

/** What an ADD met on its way, told to whoever counts and reports. Never a reason to fail or to wait. */
export type AddEvent = { readonly pod?: PodId } & (
  | {
      /** Somebody else has the address that the pod asks for. */ readonly what: "held";
      readonly refusal: IpamError;
    }
  | { /** It was waited for the holder's end. */ readonly what: "waited"; readonly milliseconds: number }
  | {
      readonly what: "handed-over";
      readonly address: Address;
      readonly from: readonly Holder[];
    }
  | { readonly what: "refused"; readonly refusal: IpamError }
  | { /** The pod has its addresses. */ readonly what: "allocated" }
);
