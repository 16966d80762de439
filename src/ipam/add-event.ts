import type { Address } from "../address/address.ts";
import type { IpamError } from "./errors.ts";
import type { Holder, PodId } from "./records.ts";

/**
 * What happened during an ADD, for metrics and Kubernetes Events. An ADD never fails or waits because
 * of one.
 */
export type AddEvent = { readonly pod?: PodId } & (
  | {
      /** Another attachment holds the address that the pod asks for. */ readonly what: "held";
      readonly refusal: IpamError;
    }
  | { /** The ADD waited for the holder to end. */ readonly what: "waited"; readonly milliseconds: number }
  | {
      readonly what: "handed-over";
      readonly address: Address;
      readonly from: readonly Holder[];
    }
  | {
      /** The reservation of what the pod had before ends. */ readonly what: "replaced";
      readonly message: string;
    }
  | { readonly what: "refused"; readonly refusal: IpamError }
  | { /** The pod has its addresses. */ readonly what: "allocated" }
);
