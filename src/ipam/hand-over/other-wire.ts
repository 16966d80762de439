import { formatAddress } from "../../address/address.ts";
import { spaceOption } from "../in-words.ts";
import type { HandOverFacts } from "./facts.ts";

/** For the details, where another network holds it: one subnet may be in use on two wires. */
export function wayOfOtherWire({ asker, holder, space }: HandOverFacts): string {
  const [own, other] = [asker.attachment.network, holder.attachment.network];
  if (own === other) return "";
  return (
    `; network '${own}' here and '${other}' there share address space '${space}': if they are separate wires, give ` +
    "one of them an addressSpace of its own (where the node's file locks it, by a pool of that file)"
  );
}

/** The command that takes an address from its holder. */
export function forcedRelease({ address, space }: Pick<HandOverFacts, "address" | "space">): string {
  return `'kube-ipam ip release --force${spaceOption(space)} ${formatAddress(address)}'`;
}
