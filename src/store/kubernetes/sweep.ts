import type { CallOptions } from "../../ipam/store-port.ts";
import { EMPTY, pinned } from "./objects/content.ts";
import { DECISIONS, decisionObject, kindPrefix, type ObjectId } from "./objects/names.ts";
import type { Outline, StoredObject } from "./objects/objects.ts";
import { replacePrepared } from "./transactions/replace-prepared.ts";
import type { Session } from "./transactions/session.ts";
import { view } from "./transactions/view.ts";
import { write } from "./transactions/write.ts";

/** Seconds after which what nobody has touched is taken for left: much longer than a transaction, or a request, may take. */
const LEFT_SECONDS = 600;
/** Outlines that one call looks at, and objects that have records. */
const OUTLINES = 500;
const OBJECTS = 50;

/** What one call has come to. */
export interface Swept {
  /** Decisions that nothing refers to any more, and that are gone. */
  readonly decisions: number;
  /** Objects of transactions whose process died: they are what the decision says. */
  readonly prepared: number;
  /** Objects without a record. */
  readonly empty: number;
  /** Records whose time was over. */
  readonly expired: number;
}

/**
 * Tidies up what processes left that died, or lost their connection: decisions, prepared objects, empty ones, and
 * records whose time is over. Each call does a bounded piece and goes on where the one before ended; it is safe beside
 * everything, however often and in however many processes, because it judges as everybody does, and each write is
 * guarded. What is left shows only to who has seen it unchanged for long by a clock of its own (NO-CLOCKS): so only a
 * process that lives sweeps anything.
 */
export class Sweep {
  readonly #session: Session;
  readonly #leftSeconds: number;
  #address: string | undefined = "";
  #decision: string | undefined = DECISIONS;
  #released: string | undefined = RELEASED;
  #store: string | undefined = "";

  constructor(session: Session, leftSeconds = LEFT_SECONDS) {
    this.#session = session;
    this.#leftSeconds = leftSeconds;
  }

  /** @throws StoreFailure */
  async run(options: CallOptions): Promise<Swept> {
    const swept = { decisions: 0, prepared: 0, empty: 0, expired: 0 };
    await this.#decisions(swept, options);
    this.#address = await this.#outlined("addressrecords", this.#address ?? "", swept, options);
    this.#store = await this.#outlined("storerecords", this.#store ?? "", swept, options);
    await this.#releases(swept, options);
    return swept;
  }

  /** A decision is there until everything that it was about is what it says. */
  async #decisions(swept: Counts, options: CallOptions): Promise<void> {
    const { items, next } = await this.#page(this.#decision ?? DECISIONS, options);
    this.#decision = next;
    for (const decision of items) {
      if (!decision.id.name.startsWith(DECISIONS)) {
        this.#decision = undefined;
        return;
      }
      if (!this.#isLeft(decision)) continue;
      const transaction = decision.id.name.slice(DECISIONS.length);
      // A committed one goes last: until then it says what its objects are. Any other goes first: that aborts it.
      const isLast = decision.verdict === "committed";
      if (isLast && !(await this.#isCarriedOut(transaction, decision, swept, options))) continue;
      if ((await this.#session.objects.remove(decision, options)) === "changed") continue;
      swept.decisions += 1;
      if (!isLast) await this.#isCarriedOut(transaction, decision, swept, options);
    }
  }

  async #isCarriedOut(
    transaction: string,
    { prepares, verdict }: StoredObject,
    swept: Counts,
    options: CallOptions,
  ): Promise<boolean> {
    // Somebody has changed it, and nobody knows any more what it is about.
    if (prepares === undefined) return false;
    for (const id of prepares) {
      const object = await this.#session.objects.get(id, options);
      if (object?.prepared?.transaction !== transaction) continue;
      const content = verdict === "committed" ? object.prepared.content : object.content;
      if (content === undefined) return false;
      await replacePrepared(this.#session, transaction, object, content, options);
      swept.prepared += 1;
    }
    return true;
  }

  /** What an outline alone shows to be left. */
  async #outlined(
    resource: ObjectId["resource"],
    from: string,
    swept: Counts,
    options: CallOptions,
  ): Promise<string | undefined> {
    const { items, next } = await this.#session.objects.outlines(
      { resource, from, limit: OUTLINES },
      options,
    );
    for (const outline of items) {
      if (outline.id.name.startsWith(DECISIONS)) continue;
      if (outline.isPrepared) await this.#prepared(outline, swept, options);
      else if (outline.has === "") await this.#empty(outline, swept, options);
      else if (outline.has.includes("c") && outline.seconds !== undefined)
        await this.#expired(outline, outline.seconds, swept, options);
    }
    return next;
  }

  /** Of a decision that is still there, the decision's own turn comes. */
  async #prepared({ id, version }: Outline, swept: Counts, options: CallOptions): Promise<void> {
    if (!this.#session.expiry.isOver(id, version, this.#leftSeconds)) return;
    const object = await this.#session.objects.get(id, options);
    if (object?.version !== version || object.prepared === undefined) return;
    const { transaction } = object.prepared;
    if ((await this.#session.objects.get(decisionObject(transaction), options)) !== undefined) return;
    if (object.content === undefined) return;
    await replacePrepared(this.#session, transaction, object, object.content, options);
    swept.prepared += 1;
  }

  async #empty({ id, version }: Pick<Outline, "id" | "version">, swept: Counts, options: CallOptions) {
    if (!this.#session.expiry.isOver(id, version, this.#leftSeconds)) return;
    const object = await this.#session.objects.get(id, options);
    if (object?.version !== version || object.prepared !== undefined || object.content?.size !== 0) return;
    swept.empty += (await this.#session.objects.remove(object, options)) === "removed" ? 1 : 0;
  }

  async #expired(
    { id, version }: Pick<Outline, "id" | "version">,
    seconds: number,
    swept: Counts,
    options: CallOptions,
  ): Promise<void> {
    if (!this.#session.expiry.isOver(id, version, seconds)) return;
    const { content, object } = await view(this.#session, id, options);
    if (object?.version !== version || content === undefined || content.size === object.content?.size) return;
    const left = pinned(content, version);
    const after = left.size === 0 ? undefined : { id, content: left, written: this.#session.newId() };
    if (!("changed" in (await write(this.#session, id, object, after, options)))) swept.expired += 1;
  }

  /** Notices to nodes, which outlive them. Their outlines do not tell for how long, and not whether there are any. */
  async #releases(swept: Counts, options: CallOptions): Promise<void> {
    const { items, next } = await this.#page(this.#released ?? RELEASED, options);
    this.#released = next;
    for (const object of items) {
      if (!object.id.name.startsWith(RELEASED)) {
        this.#released = undefined;
        return;
      }
      const { content = EMPTY, id, version } = object;
      for (const { seconds } of content.values())
        if (seconds !== undefined) await this.#expired({ id, version }, seconds, swept, options);
    }
  }

  #page(from: string, options: CallOptions) {
    return this.#session.objects.page({ resource: "storerecords", from, limit: OBJECTS }, options);
  }

  #isLeft({ id, version }: StoredObject): boolean {
    return this.#session.expiry.isOver(id, version, this.#leftSeconds);
  }
}

type Counts = { -readonly [K in keyof Swept]: Swept[K] };

const RELEASED = kindPrefix("released");
