import { IpamError } from "../errors.ts";
import { reclaim } from "../free/reclaim.ts";
import { lookAtStore } from "../integrity/look.ts";
import { ThrownBack, withdrawSuspicion } from "../integrity/thrown-back.ts";
import { vouchForStore } from "../integrity/vouch.ts";
import { answerRecovery } from "../recovery/answer.ts";
import { conflictsOf, readAnswers } from "../recovery/answers.ts";
import { beginRecovery, endRecovery } from "../recovery/begin.ts";
import { blockSilent } from "../recovery/block-silent.ts";
import { writeMissing } from "../recovery/write-missing.ts";
import { refTo } from "../ref-to.ts";
import { liftBlocks } from "../reserve/blocks.ts";
import { StoreFailure } from "../store-port.ts";
import {
  type Death,
  type Foresees,
  type Holding,
  Killed,
  NODES,
  soon,
  ThrownBackWorld,
} from "./thrown-back-world.ts";
import { type Asked, attachment, named } from "./world.ts";

const NONE = { cached: async () => [], otherStores: async () => new Set<string>() };

/** What happens next, and where a process dies meanwhile. */
export interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly node: number;
  readonly pick: number;
  readonly death?: Death | undefined;
}

export const KINDS = [
  "add",
  "add",
  "add",
  "add named",
  "add sticky",
  "del",
  "detach",
  "die",
  "round",
  "round",
  "look",
  "write missing",
  "reclaim",
  "reboot",
  "free from elsewhere",
  "lose dataDir",
  "keep DEL",
  "disconnect",
  "wait long",
  "recover",
  "recover some",
  "begin",
  "end",
  "answer",
  "accept",
  "throw back",
  "throw back far",
] as const;

/**
 * What may happen around a store that is thrown back, and what must hold after each step. Throws an Error that
 * says which rule is broken.
 */
export class ThrownBackModel {
  readonly world: ThrownBackWorld;
  /** Whether each time the store was thrown back all nodes looked before anything else. */
  careful = true;
  /** Whether nothing happened to the store, or nothing that a recovery has not mended. */
  sound = true;
  /** Whether somebody has stopped all since the store was thrown back. */
  stopped = false;
  #recovery: string | undefined;
  /** Whether that recovery was begun since the store was thrown back, and not joined. */
  #begun = true;
  readonly told = new Set<string>();
  /** Their nodes do not know any more that the store had confirmed these. */
  readonly #unconfirmed = new Set<Holding | undefined>();
  /** Addresses in the journals of ADDs that died: a recovery believes that their pods may have them. */
  readonly #claimed = new Set<string>();

  readonly #bounds: boolean;

  /** @param bounds as `ThrownBackWorld`'s. */
  constructor(foresees: readonly Foresees[], bounds: boolean) {
    this.world = new ThrownBackWorld(foresees, bounds);
    this.#bounds = bounds;
  }

  async begin(): Promise<void> {
    // So many, that each node that foresees has something to do it by.
    for (const pick of [0, 1, 2])
      for (const node of NODES.keys()) await this.perform({ kind: "add", node, pick });
  }

  async perform(step: Step): Promise<void> {
    const { node, kind, death } = step;
    const { world } = this;
    const isLook = ["look", "round"].includes(kind);
    const evidence =
      (isLook || ["add", "add named", "add sticky"].includes(kind)) &&
      (await this.#evidence(node, isLook || !this.#bounds));
    const { interrupted } = world.machine(node);
    const marks = [...interrupted];
    const done = await this.#perform(step).then(
      () => true,
      (failure) => {
        if (!(failure instanceof Killed)) throw failure;
        // Nobody removed the lock's file.
        for (const container of marks) interrupted.add(container);
        return false;
      },
    );
    const state = (await world.meta())?.state;
    if (evidence && done && death === undefined) {
      this.#require(state !== "ready", `node ${node} has evidence, and ${kind} stopped nobody`);
      this.stopped ||= state === "suspect";
    }
    if (this.sound)
      this.#require(state !== "suspect", `a false alarm by ${kind}: ${(await world.meta())?.suspicion?.why}`);
    if (this.careful && this.#unconfirmed.size === 0)
      this.#require(world.duplicates().length === 0, `duplicates ${world.duplicates()}`);
  }

  async #perform({ kind, node, pick, death }: Step): Promise<void> {
    const { world } = this;
    const ports = world.ports(node, death);
    const own = world.containersOf(node);
    const container = own[pick % Math.max(1, own.length)];
    switch (kind) {
      case "add":
        return this.#add(node, pick, {}, death);
      case "add named":
        return this.#add(
          node,
          pick,
          { wish: { ...named(`10.1.2.${2 + (pick % 19)}`), ...ownedBy(pick) } },
          death,
        );
      case "add sticky":
        return this.#add(node, pick, { wish: { sticky: true, ...ownedBy(pick) } }, death);
      case "del":
      case "detach":
        if (container === undefined) return;
        await world.del(node, container, death).catch(tolerate);
        if (kind === "del") world.removeNamespace(node, container);
        return;
      case "keep DEL":
        if (container === undefined) return;
        world.store.faults.push({ on: "read", kind: "unavailable" });
        await world.del(node, container).catch(tolerate);
        world.store.faults.length = 0;
        return;
      case "die":
        return container === undefined ? undefined : world.removeNamespace(node, container);
      case "reboot":
        return world.reboot(node);
      case "look":
        return this.#look(node, death);
      case "write missing":
        await writeMissing(ports, soon()).catch(tolerate);
        return;
      case "round":
        return this.#round(node, death);
      case "answer":
        await this.#answer(node, death);
        return;
      case "reclaim":
        return void (await reclaim(ports, { records: 99, sweep: true, ...soon() }));
      case "free from elsewhere": {
        const by = (node + 1) % NODES.length;
        return container === undefined ? undefined : world.freeFromElsewhere(by, container, node, death);
      }
      case "lose dataDir":
        return world.machine(node).loseDisk();
      case "disconnect":
        return world.store.disconnect();
      case "wait long":
        return world.machine(node).waitLong();
      case "begin":
        return void (await this.#begin(node, death));
      case "end":
        return this.#end(node, [...NODES.keys()], death);
      case "recover":
        return this.#recover(node, [...NODES.keys()]);
      case "recover some":
        return this.#recover(
          node,
          [...NODES.keys()].filter((each) => (pick >> each) % 2 === 0),
        );
      case "accept":
        return this.#accept();
      default:
        return this.#throwBack(kind === "throw back" ? 12 : Number.POSITIVE_INFINITY, pick);
    }
  }

  async #add(node: number, pick: number, asked: Asked, death?: Death): Promise<void> {
    const { world } = this;
    const container = `${NODES[node]}-${pick % 6}`;
    const before = world.living.get(container);
    if (before !== undefined) asked = {};
    const evidence = await this.#evidence(node);
    const { stopped } = this;
    try {
      const { address, repeated } = await world.add(node, container, asked, death);
      // An ADD that was refused may have written nothing, and only a write, or a look, tells such a store's revision.
      if (this.#bounds) this.#require(!evidence, `${container} was answered although its node has evidence`);
      if (before !== undefined) {
        if (this.#unconfirmed.has(before) || this.#claimed.has(before.address)) return;
        this.#require(address === before.address, `${container} had ${before.address}, and now ${address}`);
        world.living.set(container, before);
        return;
      }
      if (repeated) return;
      this.#require(!stopped, `${container} got ${address} although all were stopped`);
      this.#require(!evidence, `${container} got ${address} although its node has evidence`);
    } catch (failure) {
      if (failure instanceof Killed)
        for (const address of world.machine(node).journal.read(attachment(container))?.addresses ?? [])
          this.#claimed.add(address);
      // A repeated ADD that dies leaves a journal entry that nobody has confirmed.
      if (failure instanceof Killed) this.#unconfirmed.add(before);
      if (failure instanceof Killed) throw failure;
      requireRefusal(failure, this.sound ? [11, 100, 101, 102] : [11, 100, 101, 102, 106]);
      if (before !== undefined) return;
      // As a runtime does after a failed ADD.
      await world.del(node, container).catch(tolerate);
      world.removeNamespace(node, container);
    }
  }

  async #look(node: number, death?: Death): Promise<void> {
    await lookAtStore(this.world.ports(node, death), soon()).catch((failure) => {
      if (!(failure instanceof ThrownBack)) throw failure;
    });
  }

  /** What an agent does every few seconds. */
  async #round(node: number, death?: Death): Promise<void> {
    await this.#look(node, death);
    await this.#tell(node);
    await this.#answer(node, death);
    await reclaim(this.world.ports(node), { records: 99, ...soon() });
  }

  async #tell(node: number): Promise<void> {
    const outcome = await writeMissing(this.world.ports(node), soon());
    for (const { address } of outcome?.conflicts ?? []) this.told.add(address);
  }

  async #answer(node: number, death?: Death): Promise<void> {
    const answer = await answerRecovery(NONE, this.world.ports(node, death), soon()).catch((failure) => {
      if (!(failure instanceof ThrownBack)) throw failure;
      return undefined;
    });
    for (const { address } of answer?.conflicts ?? []) this.told.add(address);
  }

  async #begin(node: number, death?: Death): Promise<void> {
    const { recovery, begun } = await beginRecovery(this.world.ports(node, death), soon());
    this.#recovery = recovery;
    this.#begun ||= begun;
  }

  async #recover(node: number, answering: readonly number[]): Promise<void> {
    // The second time, where the first one was that of a store thrown back into it.
    for (let time = 0; time < 2 && (time === 0 || (await this.world.meta())?.state !== "ready"); time++) {
      await this.#begin(node);
      for (const each of answering) await this.#answer(each);
      for (const each of answering) await this.#answer(each);
      await this.#end(node, answering);
    }
  }

  async #end(node: number, _answering: readonly number[], death?: Death): Promise<void> {
    const recovery = this.#recovery;
    const { world } = this;
    const meta = await world.meta();
    if (recovery === undefined || meta?.recovery !== recovery || meta.state !== "recovering") return;
    const blocking = { labels: new Map(), pools: [], spaces: () => ["default"] };
    const ports = world.ports(node, death);
    const look = () => readAnswers(recovery, NODES, ports, soon());
    const answers = await blockSilent(look, blocking, ports, soon());
    for (const { address } of conflictsOf(answers)) this.told.add(address);
    await endRecovery(recovery, ports, soon());
    this.#recovery = undefined;
    this.sound ||= this.#begun;
    this.stopped = false;
  }

  /** An operator vouches only for a store that has all that lives. */
  async #accept(): Promise<void> {
    const { world } = this;
    const meta = await world.meta();
    if (meta?.state === "recovering") return;
    for (const node of NODES.keys()) if ((await world.lost(node)).length > 0) return;
    for (const node of NODES.keys()) {
      world.machine(node).loseStoreMemory();
      await vouchForStore(["default"], world.ports(node), soon());
      await withdrawSuspicion(world.ports(node), soon());
    }
    if (world.duplicates().length === 0) this.sound = true;
    this.stopped = false;
  }

  async #throwBack(most: number, pick: number): Promise<void> {
    const { world } = this;
    const movedOn = pick % 2 === 0;
    const lineage = pick % 7 === 0 ? { lineage: `l${pick}` } : {};
    const careful = pick % 3 === 0;
    const back = 1 + (pick % Math.min(most, world.states.length));
    const state = world.states.at(-back);
    if (state === undefined) return;
    world.store.restore(state, { movedOn, ...lineage });
    this.sound = false;
    this.#begun = false;
    this.careful &&= careful;
    if (careful) for (const node of NODES.keys()) await this.#look(node);
    this.stopped = (await world.meta())?.state === "suspect";
  }

  /**
   * Whether a node knows for certain that the store was thrown back, by what it remembers and what lives.
   *
   * @param byRevision false: for one who has not been told the store's revision.
   */
  async #evidence(node: number, byRevision = true): Promise<boolean> {
    const { world } = this;
    const snapshot = await world.store.read({ refs: [refTo.meta], exact: true }, soon());
    const meta = snapshot.get(refTo.meta)?.record;
    const known = world.machine(node).storeMemory.recall("default");
    if (meta === undefined || (known !== undefined && known.uuid !== meta.uuid)) return false;
    if (meta.state !== "ready") return false;
    if (known !== undefined) {
      const { recovery, formerRecoveries = [], revision, epoch = 0, lineage } = known;
      if (recovery !== undefined && meta.recovery === undefined) return true;
      if (meta.recovery !== undefined && formerRecoveries.includes(meta.recovery)) return true;
      if (meta.recovery !== recovery) return false;
      if ((byRevision && snapshot.revision < revision) || (meta.epoch ?? 0) < epoch) return true;
      if (lineage !== undefined && lineage !== snapshot.lineage) return true;
    } else if (meta.recovery !== undefined || !this.#isOfStore(node, meta.uuid)) return false;
    const lost = await world.lost(node);
    return lost
      .map((container) => world.living.get(container))
      .some((holding) => !this.told.has(holding?.address ?? "") && !this.#unconfirmed.has(holding));
  }

  /** Where dataDir is lost and another store is in its place, the node refuses that, and cannot speak for others. */
  #isOfStore(node: number, uuid: string): boolean {
    return this.world
      .machine(node)
      .journal.list()
      .every(({ storeUuid }) => storeUuid === uuid);
  }

  #require(holds: boolean, what: string): void {
    if (!holds) throw new Error(what);
  }

  /** The store is recovered, what two have is taken from one of them, and the store says what lives. */
  async finish(): Promise<void> {
    const { world } = this;
    const all = [...NODES.keys()];
    await this.#recover(0, all);
    for (const address of world.duplicates()) {
      this.#require(this.told.has(address), `nobody told that two have ${address}`);
      const [container = ""] = [...world.living].find(([, each]) => each.address === address) ?? [];
      const node = world.living.get(container)?.node ?? 0;
      await world.del(node, container);
      world.removeNamespace(node, container);
    }
    for (const node of all) {
      for (const index of Array(6).keys()) {
        const container = `${NODES[node]}-${index}`;
        if (world.living.has(container)) continue;
        await world.del(node, container);
        world.removeNamespace(node, container);
      }
    }
    for (const node of all) await this.#round(node);
    for (const node of all) await this.#round(node);
    for (const node of all) await reclaim(world.ports(node), { records: 99, sweep: true, ...soon() });
    await liftBlocks([...NODES], world.ports(0), soon());
  }
}

function ownedBy(pick: number) {
  const owner = { kind: "StatefulSet", namespace: "team", name: `db-${pick % 4}`, uid: `uid-db-${pick % 4}` };
  return { owner: { owner, ordinal: 0 }, retain: "delete" as const };
}

function requireRefusal(failure: unknown, codes: readonly number[]): void {
  if (failure instanceof IpamError && codes.includes(failure.code)) return;
  throw failure;
}

function tolerate(failure: unknown): void {
  if (failure instanceof StoreFailure) return;
  requireRefusal(failure, [11, 106]);
}
