import type { ClusterNames } from "../cluster-names.ts";
import type { NodeFacts } from "../cluster-port.ts";
import { isUndecided } from "../cluster-relation.ts";
import { fenceOf } from "../evidence/fencing.ts";
import { bootOf, KnownBoots } from "../evidence/known-boots.ts";
import type { AttachmentRecord, Holder, RefOf } from "../records.ts";
import { attachmentHash } from "./allocation-index.ts";

/** What one boot of a node has written. */
interface BootRow {
  /** Some of the attachments that carry the proof of its node's name and cluster. */
  readonly carriers: Set<number>;
  /** Nothing need be done for it until something changes. */
  settled: boolean;
  /** It was looked at, and nothing there can carry a proof. */
  looked: boolean;
}

/** Told of a node while it is being looked at. */
interface Since {
  readonly ended: Set<number>;
  /** An attachment was written: it may not be among those that were read. */
  written: boolean;
}

/** So many carriers are known: one is enough, and each may end. */
const MOST_CARRIERS = 4;

/**
 * Which boots of which nodes have attachments, and which nodes must be looked at: those whose Node has changed, or
 * that wrote something which their Node does not explain. A hint: whoever looks lists the node's attachments.
 */
export class BootIndex {
  readonly known: KnownBoots;
  readonly #names: ClusterNames | undefined;
  readonly #nodes = new Map<string, Map<string, BootRow>>();
  readonly #due = new Set<string>();
  /** What was told of the nodes that are being looked at since they were taken: what is read there may be older. */
  readonly #looking = new Map<string, Since>();

  constructor(names: ClusterNames | undefined) {
    this.#names = names;
    this.known = new KnownBoots(names);
  }

  /** Nodes of which an attachment may be there. */
  nodes(): Iterable<string> {
    return this.#nodes.keys();
  }

  /** The nodes to look at now; they are not due any more. */
  takeDue(): string[] {
    const due = [...this.#due];
    this.#due.clear();
    this.#looking.clear();
    for (const node of due) this.#looking.set(node, { ended: new Set(), written: false });
    return due;
  }

  /** Look at this node the next time. */
  makeDue(node: string): void {
    if (this.#nodes.has(node)) this.#due.add(node);
  }

  /** A Node was changed, made or deleted. */
  changed(node: string): void {
    for (const row of this.#nodes.get(node)?.values() ?? []) row.looked = false;
    this.makeDue(node);
  }

  /** Learns the Nodes as they are now, and forgets all boots that neither they nor any attachment are of. */
  learnNodes(nodes: ReadonlyMap<string, NodeFacts>): void {
    const used = new Set<string>();
    for (const facts of nodes.values()) {
      this.known.learnNode(facts);
      used.add(bootOf({ node: facts.name, bootId: facts.bootId ?? "" }));
    }
    for (const [node, boots] of this.#nodes)
      for (const bootId of boots.keys()) used.add(bootOf({ node, bootId }));
    this.known.keepOnly(used);
  }

  put(ref: RefOf<"attachment">, record: AttachmentRecord): void {
    const since = this.#looking.get(ref.node);
    since?.ended.delete(attachmentHash(ref.node, ref.id));
    if (since !== undefined) since.written = true;
    this.#put(ref, record);
  }

  #put({ id, node }: RefOf<"attachment">, { holder }: AttachmentRecord): void {
    this.known.learnHolder(holder);
    const row = this.#row(node, holder.bootId);
    const key = attachmentHash(node, id);
    if (!this.#isProof(holder)) this.#drop(node, row, key);
    else if (row.carriers.size < MOST_CARRIERS) row.carriers.add(key);
    if (row.carriers.size === 0) row.looked = false;
    if (!row.settled || row.carriers.size === 0) this.#due.add(node);
  }

  remove({ id, node }: RefOf<"attachment">): void {
    const key = attachmentHash(node, id);
    this.#looking.get(node)?.ended.add(key);
    for (const row of this.#nodes.get(node)?.values() ?? []) this.#drop(node, row, key);
  }

  /**
   * All attachments of a node were looked at, and what could be done was: these are its boots now. Where others were
   * written meanwhile, or its Node has changed, nothing is forgotten or settled, and the node is due again.
   */
  looked(
    node: string,
    attachments: readonly { readonly ref: RefOf<"attachment">; readonly record: AttachmentRecord }[],
    facts: NodeFacts | undefined,
  ): void {
    const since = this.#looking.get(node);
    if (since?.written === true || this.#due.has(node)) {
      this.makeDue(node);
      return;
    }
    this.#nodes.delete(node);
    for (const { ref, record } of attachments)
      if (since?.ended.has(attachmentHash(ref.node, ref.id)) !== true) this.#put(ref, record);
    for (const row of this.#nodes.get(node)?.values() ?? []) row.looked = true;
    this.needsLook(node, facts);
    this.#due.delete(node);
  }

  /**
   * Whether a look at the node may find something to do; where not, it is settled. Known before anything of it is
   * read: by its boots, and what Kubernetes says of its Node.
   */
  needsLook(node: string, facts: NodeFacts | undefined): boolean {
    let needed = false;
    for (const [bootId, row] of this.#nodes.get(node) ?? []) {
      const fence = fenceOf({ ...NOBODY, node, bootId }, facts ?? "absent");
      const provable = row.carriers.size === 0 && !row.looked && facts?.bootId === bootId;
      row.settled = fence === undefined;
      if (fence !== undefined || provable) needed = true;
    }
    return needed;
  }

  #drop(node: string, row: BootRow, key: number): void {
    if (!row.carriers.delete(key) || row.carriers.size > 0) return;
    row.looked = false;
    this.#due.add(node);
  }

  #row(node: string, bootId: string): BootRow {
    const boots = this.#nodes.get(node) ?? new Map<string, BootRow>();
    this.#nodes.set(node, boots);
    const row = boots.get(bootId) ?? { carriers: new Set<number>(), settled: false, looked: false };
    boots.set(bootId, row);
    return row;
  }

  #isProof({ cluster, nodeVerified }: Holder): boolean {
    return nodeVerified && !isUndecided(cluster, this.#names);
  }
}

/** For the node's half of a fence: as if the name were verified. */
const NOBODY: Holder = {
  attachment: { network: "", container: "", ifname: "" },
  node: "",
  nodeVerified: true,
  bootId: "",
  namespace: { path: "" },
  requestId: "",
};
