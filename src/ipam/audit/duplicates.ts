import { formatAddress } from "../../address/address.ts";
import { describeHolder } from "../in-words.ts";
import type { Holder } from "../records.ts";
import type { Entry } from "../store-port.ts";
import { areOneMachine, livePod, mayLive, type Scene } from "./scene.ts";
import type { AuditFinding } from "./types.ts";

/** Finds allocations with several living holders that are not the launchers of one virtual machine. */
export function findDuplicates(scene: Scene): AuditFinding[] {
  return scene.records.allocations.flatMap((entry) => {
    if (entry.record.holders.length < 2) return [];
    const finding = scene.live === undefined ? unverified(entry) : duplicate(entry, scene);
    return finding ?? [];
  });
}

function duplicate(entry: Entry<"allocation">, scene: Scene): AuditFinding | undefined {
  const living = entry.record.holders.filter((holder) => mayLive(holder, scene));
  if (living.length < 2) return undefined;
  const pods = living.flatMap((holder) => livePod(holder, scene) ?? []);
  if (pods.length === living.length && areOneMachine(pods)) return undefined;
  return {
    ...base(entry, living, "two-holders"),
    kind: "duplicate",
    what: `${formatAddress(entry.ref.address)} has ${living.length} living holders: ${living.map(describeHolder).join("; ")}`,
    remedy: "stop all but one of them",
  };
}

function unverified(entry: Entry<"allocation">): AuditFinding {
  const { holders } = entry.record;
  return {
    ...base(entry, holders, "several-holders"),
    kind: "unknown",
    what: `${formatAddress(entry.ref.address)} has ${holders.length} holders: ${holders.map(describeHolder).join("; ")}`,
    remedy:
      "only the launcher pods of one virtual machine may share an address: give --kubeconfig to see whether these do",
  };
}

function base(
  { ref }: Entry<"allocation">,
  holders: readonly Holder[],
  reason: "two-holders" | "several-holders",
) {
  const address = formatAddress(ref.address);
  const requests = holders.map(({ requestId }) => requestId).sort();
  return {
    reason,
    id: `${reason} ${ref.space} ${address} ${requests.join()}`,
    space: ref.space,
    address,
    pods: holders.flatMap(({ pod }) => pod ?? []),
  };
}
