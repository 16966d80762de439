import { describeSuspicion } from "../in-words.ts";
import { outOfSuspicion } from "../integrity/ways-out.ts";
import type { AuditFinding, AuditInput } from "./types.ts";

/** The finding that a node has stopped all nodes, because the store was thrown back. */
export function findSuspicion({ meta }: AuditInput): AuditFinding[] {
  if (meta?.state !== "suspect") return [];
  return [
    {
      kind: "suspect",
      reason: "thrown-back",
      id: "suspect",
      space: "",
      address: "",
      what: describeSuspicion(meta),
      remedy: outOfSuspicion(meta),
    },
  ];
}
