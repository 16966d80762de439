import { CAPS } from "../../address/caps.ts";
import type { NodeSettings } from "../../config/network-configuration.ts";
import { BoundedMap } from "../../ipam/bounded-map.ts";
import type { Node } from "../../ipam/node-port.ts";
import { openNode } from "../../node/open-node.ts";
import { openSpareFiles } from "../../node/spare-files.ts";
import { override } from "./override.ts";
import { writeBehindCursors, writeBehindStoreMemory, writeBehindWitnesses } from "./write-behind.ts";

interface Warm {
  readonly node: Node;
  flush(): void;
}

interface Kept extends Warm {
  /** Removes the files that it keeps for later use. */
  close(): void;
}

/**
 * One node for each distinct set of folders and name, whose hints are in memory and reach their files a little later.
 * Of too many, that goes which was lent longest ago (CAPPED); a verb that still has it can go on with it.
 */
export class WarmNodes {
  readonly #warm: BoundedMap<string, Kept>;

  constructor(most: number = CAPS.warm) {
    this.#warm = new BoundedMap(most, (dropped) => dropped.close());
  }

  /** @throws IpamError as openNode does. */
  lend(settings: NodeSettings): Node {
    const { dataDir, nodeName, runDir } = settings;
    const key = JSON.stringify([dataDir, runDir, nodeName]);
    const warm = this.#warm.get(key) ?? keep(settings);
    // What was lent last goes last.
    this.#warm.set(key, warm);
    return warm.node;
  }

  /** Everything is in its file when this returns. */
  flush(): void {
    for (const [, { flush }] of this.#warm.entries()) flush();
  }
}

function keep(settings: NodeSettings): Kept {
  const spares = openSpareFiles(`${settings.runDir}/spare`);
  const warm = writeBehindNode(openNode(settings, spares));
  return {
    ...warm,
    close: () => {
      warm.flush();
      spares.close();
    },
  };
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
