import type { Command } from "commander";
import { withStoreOptions } from "../../command-line/common-options.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { addressesOnStore } from "../../operator/store-addresses.ts";
import { withSession } from "../session/open.ts";
import type { StoreOptions } from "../session/settings.ts";

/** One way to reach addresses: the options that it needs, and how it opens them. */
export interface Access<O> {
  withOptions(command: Command): Command;
  /** False where the options already choose a Kubernetes namespace. */
  readonly filtersByNamespace: boolean;
  /** What `release` needs to free an address, as a sentence of its help. */
  readonly evidence: string;
  /**
   * Opens the addresses for a command. `creates`: the command may create the store. `namespace`: the
   * Kubernetes namespace of the object that the command is about.
   */
  open(
    options: O,
    work: (addresses: Addresses) => Promise<number>,
    how?: { readonly creates?: boolean; readonly namespace?: string },
  ): Promise<number>;
}

/** Works on the store itself: `kube-ipam ip …`. */
export const storeAccess: Access<StoreOptions> = {
  withOptions: withStoreOptions,
  filtersByNamespace: true,
  evidence:
    "Needs evidence on this node (the holder's network namespace is gone, or its kept DEL waits for the store), or --force",
  open: (given, work, how) =>
    withSession(
      given,
      ({ ports, settings, options }) => work(addressesOnStore(ports, settings, options)),
      how,
    ),
};
