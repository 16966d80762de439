import type { CallOptions } from "../../../ipam/store-port.ts";
import { type ObjectId, objectKey } from "../objects/names.ts";
import type { Objects, Page, PageScope, StoredObject } from "../objects/objects.ts";

type Options = Pick<CallOptions, "deadline">;

interface Waiting<T> {
  readonly answer: Promise<T>;
  /** Of those that wait for it, the latest. */
  deadline: number;
}

/**
 * Looks that many calls take at once, such as at the store's identity. Whoever comes while one is under way waits for
 * the next, which begins after all that he has done.
 */
export class SharedGets {
  readonly #objects: Pick<Objects, "get" | "page">;
  readonly #gets = new Shared<StoredObject | undefined>();
  readonly #pages = new Shared<Page<StoredObject>>();

  constructor(objects: Pick<Objects, "get" | "page">) {
    this.#objects = objects;
  }

  /** The object as it was at a moment after the call. @throws StoreFailure */
  get(id: ObjectId, options: Options): Promise<StoredObject | undefined> {
    return this.#gets.ask(objectKey(id), options, (of) => this.#objects.get(id, of));
  }

  /** A listing as it was at a moment after the call. @throws StoreFailure */
  page(scope: PageScope, options: Options): Promise<Page<StoredObject>> {
    const { from, limit, resource } = scope;
    return this.#pages.ask(`${resource}/${from} ${limit}`, options, (of) => this.#objects.page(scope, of));
  }
}

type Ask<T> = (options: Options) => Promise<T>;

/** Who must be done so much earlier than another one does not wait for him, in milliseconds. */
const NEAR_MS = 250;

/** One request under way and one that waits for its end, for each key. */
class Shared<T> {
  readonly #running = new Map<string, Waiting<T>>();
  readonly #waiting = new Map<string, Waiting<T>>();

  ask(key: string, { deadline }: Options, ask: Ask<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key, { deadline }, ask);
    const waiting = this.#waiting.get(key);
    if (Math.max(running.deadline, waiting?.deadline ?? 0) - deadline > NEAR_MS) return ask({ deadline });
    if (waiting !== undefined) {
      waiting.deadline = Math.max(waiting.deadline, deadline);
      return waiting.answer;
    }
    const next: Waiting<T> = {
      deadline,
      answer: running.answer
        .catch(() => undefined)
        .then(() => {
          this.#waiting.delete(key);
          return this.#start(key, next, ask);
        }),
    };
    this.#waiting.set(key, next);
    return next.answer;
  }

  #start(key: string, { deadline }: Options, ask: Ask<T>): Promise<T> {
    const answer = ask({ deadline }).finally(() => this.#running.delete(key));
    this.#running.set(key, { answer, deadline });
    return answer;
  }
}
