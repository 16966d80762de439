import type { Ref } from "../../ipam/records.ts";
import type { Put } from "../../ipam/store-port.ts";
import { pinned } from "./objects/content.ts";
import { objectOf } from "./objects/home.ts";
import { refText } from "./objects/ref-text.ts";
import type { Session } from "./transactions/session.ts";
import { view } from "./transactions/view.ts";
import { write } from "./transactions/write.ts";

/** How long the removal of a record may take, in milliseconds. */
const REMOVAL_MS = 5_000;

/** What lives longer no timer waits for: one set to more than 2^31 milliseconds goes off at once. */
const LONGEST_SECONDS = 24 * 3600;

/** Removes what this process has written to vanish, when its time is over. What it does not live to remove, others do. */
export class Expiring {
  readonly #session: Session;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(session: Session) {
    this.#session = session;
  }

  note(puts: readonly Put[]): void {
    for (const { ref, seconds } of puts) {
      if (seconds === undefined || seconds > LONGEST_SECONDS) continue;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.#remove(ref, seconds).catch(() => undefined);
      }, seconds * 1000);
      timer.unref();
      this.#timers.add(timer);
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #remove(ref: Ref, seconds: number): Promise<void> {
    const options = { deadline: performance.now() + REMOVAL_MS };
    const id = objectOf(ref);
    const { content, object } = await view(this.#session, id, options);
    const part = object?.content?.get(refText(ref));
    if (object === undefined || content === undefined || part?.seconds !== seconds) return;
    const left = new Map(pinned(content, object.version));
    left.delete(refText(ref));
    const after = left.size === 0 ? undefined : { id, content: left, written: this.#session.newId() };
    await write(this.#session, id, object, after, options);
  }
}
