import type { NodeSettings } from "../../config/network-configuration.ts";
import type { Node } from "../../ipam/node-port.ts";
import { openNode } from "../../node/open-node.ts";
import { openSpareFiles } from "../../node/spare-files.ts";
import { override } from "./override.ts";
import { writeBehindCursors, writeBehindStoreMemory, writeBehindWitnesses } from "./write-behind.ts";

interface Warm {
  readonly node: Node;
  flush(): void;
}

/** One node for each distinct configuration, whose hints are in memory and reach their files cache. */
export class WarmNodes {
  readonly #warm = new Map<string, Warm>();

  /** @throws IpamError as openNode does. */
  lend(settings: NodeSettings): Node {
    const key = JSON.stringify(settings);
    const known = this.#warm.get(key);
    if (known !== undefined) return known.node;
    const warm = writeBehindNode(openNode(settings, openSpareFiles(`${settings.runDir}/spare`)));
    this.#warm.set(key, warm);
    return warm.node;
  }

  /** Everything is in its file when this returns. */
  flush(): void {
    for (const { flush } of this.#warm.values()) flush();
  }
}

/** The node with its hints in memory; `flush` brings them into their files. */
export function writeBehindNode(node: Node): Warm {
  const storeMemory = writeBehindStoreMemory(node.storeMemory);
  const cursors = writeBehindCursors(node.cursors);
  const witnesses = writeBehindWitnesses(node.witnesses);
  return {
    node: override(node, {
      storeMemory: storeMemory.hints,
      cursors: cursors.hints,
      witnesses: witnesses.hints,
    }),
    flush: () => {
      storeMemory.flush();
      cursors.flush();
      witnesses.flush();
    },
  };
}
