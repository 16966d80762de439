import type { NodeFacts } from "../cluster-port.ts";
import type { Seen } from "../inventory-port.ts";

/** All Nodes of the cluster, as a list and its watch tell. */
export class FollowedNodes {
  #nodes = new Map<string, NodeFacts>();
  /** While they are listed anew: what has been listed so far. */
  #listed: Map<string, NodeFacts> | undefined;
  #complete = false;

  /** False until all were listed once. */
  get complete(): boolean {
    return this.#complete;
  }

  get all(): ReadonlyMap<string, NodeFacts> {
    return this.#nodes;
  }

  /** @returns the names of those whose boot, readiness or taint is another one now, or that are new or gone. */
  see(seen: Seen<NodeFacts>): string[] {
    if (seen.kind === "listing") this.#listed = new Map();
    else if (seen.kind === "listed") return this.#end();
    else if (seen.kind === "gone") return this.#set(seen.object.name, undefined);
    else if (this.#listed !== undefined) this.#listed.set(seen.object.name, seen.object);
    else return this.#set(seen.object.name, seen.object);
    return [];
  }

  #end(): string[] {
    const before = this.#nodes;
    this.#nodes = this.#listed ?? before;
    this.#listed = undefined;
    this.#complete = true;
    const names = new Set([...before.keys(), ...this.#nodes.keys()]);
    return [...names].filter((name) => stateOf(before.get(name)) !== stateOf(this.#nodes.get(name)));
  }

  #set(name: string, node: NodeFacts | undefined): string[] {
    const before = stateOf(this.#nodes.get(name));
    if (node === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, node);
    return before === stateOf(node) ? [] : [name];
  }
}

/** What decides whether a node is fenced. */
function stateOf(node: NodeFacts | undefined): string {
  return node === undefined ? "" : `${node.ready} ${node.outOfServiceTaint} ${node.bootId ?? ""}`;
}
