import { expect } from "bun:test";
import type { AgentNode } from "./agent-node.ts";
import { Checker } from "./checker.ts";
import { type AddResult, addressesOf } from "./cni.ts";
import type { StoredAllocation } from "./subject.ts";
import { eventually } from "./wait.ts";

/** Keeps the checker's books of what containers of one network, with one interface each, were given on any machine. */
export class Books {
  readonly #checker = new Checker();

  constructor(readonly network = "net1") {}

  /** An ADD that succeeds; its first address. */
  async add(node: AgentNode, container: string, args = ""): Promise<string> {
    return this.gave(container, await node.add(container, args));
  }

  /** An ADD that a runtime repeats until it succeeds, within a minute; its first address. */
  addSoon(node: AgentNode, container: string): Promise<string> {
    return eventually(async () => {
      const { exitCode, stdout } = await node.tryAdd(container);
      return exitCode === 0 ? this.gave(container, JSON.parse(stdout)) : undefined;
    }, 60_000);
  }

  /** A DEL that succeeds. */
  async end(node: AgentNode, container: string): Promise<void> {
    const finished = await node.end(container);
    expect(`${finished.exitCode} ${finished.stdout}`).toBe("0 ");
    this.ended(container);
  }

  /** An ADD printed this result; its first address. */
  gave(container: string, result: AddResult): string {
    this.#checker.gave(this.#idOf(container), result);
    return addressesOf(result)[0] ?? "";
  }

  ended(container: string): void {
    this.#checker.ended(this.#idOf(container));
  }

  /** One sentence per broken promise. */
  faults(stored: readonly StoredAllocation[]): string[] {
    return this.#checker.faults(stored);
  }

  #idOf(container: string) {
    return { network: this.network, container, ifname: "eth0" };
  }
}
