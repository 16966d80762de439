import type { Address } from "../../../address/address.ts";
import type { AttachmentRecord, Ref } from "../../../ipam/records.ts";
import { refTo } from "../../../ipam/ref-to.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { objectKey } from "../objects/names.ts";
import { refText } from "../objects/ref-text.ts";
import { read } from "../read.ts";
import { commit } from "../transactions/commit.ts";
import { onlyAdds } from "../transactions/commit-one.ts";
import { forestall } from "../transactions/forestall.ts";
import { sharesOf } from "../transactions/shares.ts";
import { type Draft, SPACE, type Stamped, V4, V6 } from "./cast.ts";
import type { Begun, History, Told } from "./history.ts";
import type { Living } from "./living.ts";
import type { Process, World } from "./process.ts";

/** A node: what lasts when its process dies. */
export interface Machine {
  readonly name: string;
  /** What ADDs have sent, by container, as the node's journal has it. */
  readonly journal: Map<string, readonly Address[]>;
}

/** A record as a read showed it. */
export interface Shown {
  readonly revision: number;
  readonly record?: Stamped &
    Partial<AttachmentRecord> & { readonly state?: string; readonly ranges?: unknown[] };
}

/** A process that reads and commits, and whose history is kept. */
export class Actor {
  readonly held: string[] = [];
  readonly #known = new Map<string, Shown>();

  constructor(
    readonly process: Process,
    readonly world: World,
    readonly history: History,
    readonly living: Living,
    readonly machine: Machine,
  ) {}

  async read(refs: readonly Ref[]): Promise<Map<string, Shown>> {
    const begin = this.world.time.now;
    const query = { refs: refs.map((ref) => this.#guessing(ref)) };
    const snapshot = await read(this.process.session, query, this.process.options());
    const shown = new Map<string, Shown>();
    for (const ref of refs) {
      const found = snapshot.get(ref) as Shown | undefined;
      shown.set(refText(ref), found ?? { revision: 0 });
      this.#known.set(refText(ref), found ?? { revision: 0 });
      if (ref.kind === "cooling" || ref.kind === "attachment") continue;
      this.history.seen.push({
        begin,
        end: this.world.time.now,
        ref: refText(ref),
        of: found?.record?.stamp,
      });
    }
    return shown;
  }

  /** Where an attachment may be, the node's journal says: as it was, or as it was to be. */
  #guessing(ref: Ref): Ref {
    if (ref.kind !== "attachment" || this.world.random() < 0.5) return ref;
    return { ...ref, likely: { space: SPACE, address: this.pick([...V4, ...V6]) } };
  }

  remembered(refs: readonly Ref[]): Map<string, Shown> {
    return new Map(refs.map((ref) => [refText(ref), this.#known.get(refText(ref)) ?? { revision: 0 }]));
  }

  async commit(does: string, stamp: string, draft: Draft, shown: ReadonlyMap<string, Shown>): Promise<Told> {
    const { process, world } = this;
    const transaction = draft.done();
    const counts = (text: string) => !text.startsWith('["cooling"');
    const guards = transaction.guards.map(({ ref }) => refText(ref)).filter(counts);
    const begun: Begun = {
      name: stamp,
      begin: world.time.now,
      end: Number.POSITIVE_INFINITY,
      told: "never",
      guards: new Map(guards.map((text) => [text, shown.get(text)?.record?.stamp])),
      puts: new Map(
        transaction.puts
          .map(({ ref }): [string, string] => [refText(ref), stamp])
          .filter(([text]) => counts(text)),
      ),
      deletes: transaction.deletes.map(refText).filter(counts),
      early: false,
      strays: true,
    };
    this.history.transactions.push(begun);
    const { calls, strays } = process;
    const outcome = await this.#attempt(transaction, begun);
    if (process.calls - calls > 4_000) throw new Error(`${does} made ${process.calls - calls} calls`);
    begun.strays = process.strays > strays;
    begun.told = outcome;
    begun.end = outcome === "unknown" ? Number.POSITIVE_INFINITY : world.time.now;
    return outcome;
  }

  async #attempt(transaction: ReturnType<Draft["done"]>, begun: Begun): Promise<Told> {
    const { process } = this;
    try {
      const { compared, written } = await sharesOf(process.session, transaction, process.options());
      const [only] = written;
      if (written.length === 1 && only && (compared.length === 0 || onlyAdds(only))) {
        begun.own = new Set(only.guards.map(({ ref }) => refText(ref)));
        begun.object = objectKey(only.id);
        begun.early = compared.length > 0;
      }
      const outcome = await commit(process.session, transaction, process.options());
      return outcome === "lost" ? "lost" : "won";
    } catch (failure) {
      if (!(failure instanceof StoreFailure)) throw failure;
      return failure.kind === "unknown-outcome" ? "unknown" : "failed";
    }
  }

  /** For another attachment of this node. */
  newContainer(): string {
    this.process.containers += 1;
    return `${this.machine.name}-c${this.process.containers}`;
  }

  /** What an earlier try has sent for a container happens no more. */
  async forestall(container: string): Promise<void> {
    const addresses = this.machine.journal.get(container) ?? [];
    await forestall(
      this.process.session,
      addresses.map((address) => refTo.allocation(SPACE, address)),
      this.process.options(),
    );
    this.machine.journal.delete(container);
  }

  /** The DEL of a container has succeeded: no other one will come. */
  ended(container: string): void {
    this.machine.journal.delete(container);
    this.history.ended.set(container, this.world.time.now);
  }

  stamp(): string {
    return `${this.process.name}#${this.history.transactions.length}`;
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.world.random() * from.length)] as T;
  }
}
