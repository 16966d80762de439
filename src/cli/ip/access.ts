import type { Command } from "commander";
import { withStoreOptions } from "../../command-line/common-options.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { addressesOnStore } from "../../operator/store-addresses.ts";
import { withSession } from "../open.ts";
import type { StoreOptions } from "../settings.ts";

/** One way to reach addresses: the options that a command takes for it, and what it opens with them. */
export interface Access<O> {
  withOptions(command: Command): Command;
  /** False where its options choose a Kubernetes namespace already. */
  readonly filtersByNamespace: boolean;
  /** What shows here that a holder is gone, for the help. */
  readonly evidence: string;
  /**
   * `creates` tells a command that may begin a store from one that must find it there; `namespace` is the
   * Kubernetes namespace of what the command is about.
   */
  open(
    options: O,
    work: (addresses: Addresses) => Promise<number>,
    how?: { readonly creates?: boolean; readonly namespace?: string },
  ): Promise<number>;
}

/** On the store itself: `kube-ipam ip …`. */
export const storeAccess: Access<StoreOptions> = {
  withOptions: withStoreOptions,
  filtersByNamespace: true,
  evidence: "it was on this node and its network namespace is gone, or its DEL waits here for the store",
  open: (given, work, how) =>
    withSession(
      given,
      ({ ports, settings, options }) => work(addressesOnStore(ports, settings, options)),
      how,
    ),
};
