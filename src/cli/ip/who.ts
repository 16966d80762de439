import { AbsentError } from "../../command-line/failure.ts";
import { type Format, printItems } from "../../command-line/output.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { COLUMNS } from "../../operator/columns.ts";
import { isOf } from "../../operator/items.ts";

export interface WhoOptions {
  readonly output: Format;
  readonly space?: string;
}

/**
 * `ip who POD`: prints the addresses of a pod (name, or namespace/name), and those reserved under its name.
 *
 * @throws AbsentError when there are none.
 */
export async function whoHas(pod: string, options: WhoOptions, addresses: Addresses): Promise<number> {
  const found = (await addresses.items(options.space)).filter((item) => isOf(item, pod));
  if (found.length > 0) return printItems(found, COLUMNS, options.output);
  throw new AbsentError(
    `pod '${pod}' has no address here and none is reserved for it`,
    "see 'kube-ipam ip list'; name the pod as namespace/name",
  );
}
