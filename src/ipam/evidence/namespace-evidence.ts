import type { MachineRelation, NamespaceState, Trace } from "../node-port.ts";
import type { NamespaceId } from "../records.ts";

/** What a machine knows of itself, and sees of network namespaces. */
export interface Here {
  /** The node's name. */
  readonly name: string;
  /** Names that the node had before. */
  formerNames(): readonly string[];
  readonly bootId: string;
  /** This machine's ID; undefined before its first ADD, and on a copy of another machine's disk. */
  machine(): string | undefined;
  /** Whether a boot was one of this machine's, before this one. */
  hadBoot(bootId: string): boolean;
  /** What the path of a namespace of this boot shows. */
  look(namespace: NamespaceId): NamespaceState;
  /** Whether anything on this kernel holds a network namespace; undefined where not everything can be seen. */
  isHeld(inode: string): boolean | undefined;
}

/**
 * Whether a namespace that was recorded under this node's name still lives (docs/design.md section 4,
 * "Namespace gone"). Of an earlier boot it is gone where that boot was this machine's own: nobody here knows
 * whether another machine's boot has ended. In this boot, its path decides; where that shows nothing (/run is
 * another one than before), it is gone if nothing on this kernel holds it.
 */
export function namespaceStateHere(trace: Trace, here: Here): NamespaceState {
  const { bootId, namespace } = trace;
  if (bootId === "") return "unknown";
  if (bootId !== here.bootId) return relationTo(trace, here) === "this" ? "gone" : "unknown";
  const { inode } = namespace;
  if (relationTo(trace, here) !== "this") return "unknown";
  const seen = here.look(namespace);
  if (seen !== "unknown" || inode === undefined || isForeign(trace, here)) return seen;
  return here.isHeld(inode) === false ? "gone" : "unknown";
}

/** A record that names another machine, although its folder is here. */
function isForeign({ machine }: Trace, here: Here): boolean {
  return machine !== undefined && machine !== here.machine();
}

/**
 * Whether this machine made a record. It made those that name it, whatever its node was called then; and under
 * its node's name or an earlier one, in this boot, those that name no machine (older programs did not), and those in whose
 * folder it sees namespaces: two machines share neither.
 */
export function relationTo(trace: Trace, here: Here): MachineRelation {
  const { bootId, machine, namespace, node = here.name } = trace;
  const named = node === here.name || here.formerNames().includes(node);
  const mayBeOwn = machine === undefined ? named : machine === here.machine();
  if (bootId === here.bootId && (mayBeOwn || (named && here.look(namespace) !== "unknown"))) return "this";
  if (!mayBeOwn) return "other";
  return here.hadBoot(bootId) ? "this" : "unknown";
}
