import type { AgentNode } from "./agent-node.ts";
import { Checker } from "./checker.ts";
import { added, addressesOf, type ErrorResult, refused } from "./cni.ts";
import type { Finished } from "./run.ts";
import type { StoredAllocation } from "./subject.ts";
import { eventually } from "./wait.ts";

/** A machine on which containers of one network come and go. */
export interface Busy {
  readonly node: AgentNode;
  readonly network: string;
  /** Containers that come and go at once. */
  readonly loops: number;
}

/** Of each loop, so many containers live on. */
const LIVING = 2;
/** Far beyond what anything takes, in milliseconds. */
const PATIENCE_MS = 60_000;

/**
 * Containers that come and go on machines while something is done to their store, and the books of what they have. As
 * a runtime does, it sends a DEL after each ADD that failed, and does not send one again.
 */
export class Traffic {
  /** What failed, and with what words. */
  readonly refusals: (ErrorResult & { readonly verb: "ADD" | "DEL" })[] = [];
  readonly #books = new Checker();
  /** Who has an address now; he loses it before his DEL begins. */
  readonly #live = new Map<string, string>();
  readonly #duplicates: string[] = [];
  readonly #stored: () => Promise<StoredAllocation[]>;
  readonly #busy: readonly Busy[];
  readonly #running: Promise<void>[];
  #isOver = false;
  #given = 0;

  constructor(busy: readonly Busy[], stored: () => Promise<StoredAllocation[]>) {
    this.#busy = busy;
    this.#stored = stored;
    this.#running = busy.flatMap((each) =>
      Array.from({ length: each.loops }, (_, loop) => this.#loop(each, `${each.node.name}-${loop}`)),
    );
  }

  /** ADDs that have succeeded until now. */
  get given(): number {
    return this.#given;
  }

  /** Resolves when so many more ADDs have succeeded. */
  async after(more: number): Promise<void> {
    const goal = this.#given + more;
    await eventually(async () => this.#given >= goal || this.#isOver || undefined, PATIENCE_MS);
  }

  /** Ends the loops; then each machine works by itself, and what is broken then stays broken: one sentence each. */
  async end(): Promise<string[]> {
    this.#isOver = true;
    await Promise.all(this.#running);
    const failed: string[] = [];
    let last: string[] = [];
    for (const { network, node } of this.#busy) {
      const container = `${node.name}-last`;
      const finished = await node.tryAdd(container);
      if (finished.exitCode === 0) this.#gave(network, container, finished);
      else failed.push(`${node.name} does not work: ${finished.stdout}`);
    }
    const faults = async () => {
      last = this.#books.faults(await this.#stored());
      if (last.length === 0) return true;
      // What was kept, the next runs perform: of a plugin alone there must be some.
      for (const { network, node } of this.#busy) {
        const container = `${node.name}-next`;
        this.#gave(network, container, await node.tryAdd(container));
        await this.#end(node, network, container, []);
      }
      return undefined;
    };
    await eventually(faults, PATIENCE_MS).catch(() => undefined);
    return [...this.#duplicates, ...failed, ...last];
  }

  async #loop({ network, node }: Busy, name: string): Promise<void> {
    const living: [string, string[]][] = [];
    for (let turn = 0; !this.#isOver; turn += 1) {
      const container = `${name}-${turn}`;
      const finished = await node.tryAdd(container);
      const addresses = this.#gave(network, container, finished);
      if (addresses === undefined) await this.#end(node, network, container, []);
      else living.push([container, addresses]);
      if (living.length <= LIVING) continue;
      const [oldest, had] = living.shift() ?? ["", []];
      await this.#end(node, network, oldest, had);
    }
  }

  #gave(network: string, container: string, finished: Finished): string[] | undefined {
    if (finished.exitCode !== 0) {
      this.refusals.push({ verb: "ADD", ...refused(finished) });
      return undefined;
    }
    const result = added(finished);
    const addresses = addressesOf(result);
    this.#given += 1;
    this.#books.gave({ network, container, ifname: "eth0" }, result);
    for (const address of addresses) {
      const holder = this.#live.get(address);
      if (holder !== undefined) this.#duplicates.push(`duplicate: ${address} of ${holder} and ${container}`);
      this.#live.set(address, container);
    }
    return addresses;
  }

  async #end(node: AgentNode, network: string, container: string, addresses: readonly string[]) {
    for (const address of addresses) this.#live.delete(address);
    const finished = await node.tryDel(container);
    if (finished.exitCode !== 0) this.refusals.push({ verb: "DEL", ...refused(finished) });
    await node.forget(container);
    this.#books.ended({ network, container, ifname: "eth0" });
  }
}
