import type { CallOptions } from "../../../ipam/store-port.ts";
import { type ObjectId, objectKey } from "../objects/names.ts";
import type { Objects, StoredObject } from "../objects/objects.ts";

type Answer = Promise<StoredObject | undefined>;

interface Waiting {
  readonly answer: Answer;
  /** Of those that wait for it, the latest. */
  deadline: number;
}

/**
 * GETs of objects that many transactions look at, such as the store's identity. Whoever comes while one is under way
 * waits for the next, which begins after all that he has done.
 */
export class SharedGets {
  readonly #objects: Pick<Objects, "get">;
  readonly #running = new Map<string, Answer>();
  readonly #waiting = new Map<string, Waiting>();

  constructor(objects: Pick<Objects, "get">) {
    this.#objects = objects;
  }

  /** The object as it was at a moment after the call. @throws StoreFailure */
  get(id: ObjectId, { deadline }: CallOptions): Answer {
    const key = objectKey(id);
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(id, { deadline });
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      waiting.deadline = Math.max(waiting.deadline, deadline);
      return waiting.answer;
    }
    const next: Waiting = {
      deadline,
      answer: running
        .catch(() => undefined)
        .then(() => {
          this.#waiting.delete(key);
          return this.#start(id, next);
        }),
    };
    this.#waiting.set(key, next);
    return next.answer;
  }

  #start(id: ObjectId, options: CallOptions): Answer {
    const key = objectKey(id);
    const answer = this.#objects.get(id, options).finally(() => this.#running.delete(key));
    this.#running.set(key, answer);
    return answer;
  }
}
