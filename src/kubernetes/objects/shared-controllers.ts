import { BoundedMap } from "../../ipam/bounded-map.ts";
import { pause } from "../../ipam/pause.ts";
import type { Kind } from "../api/kinds.ts";
import type { AnyObject } from "../api/shapes.ts";
import type { ReadController } from "./owner-of.ts";

/** An answer serves no longer than this, by this process's own clock. */
const FRESH_MS = 5_000;
const MOST = 256;

interface Asked {
  /** How many pods the watch had shown when the question was asked. */
  readonly seen: number;
  /** performance.now() milliseconds. */
  readonly at: number;
  readonly answer: Promise<AnyObject | undefined>;
}

/**
 * Reads the controllers of a node's pods, once for the many pods of one workload that come at the same time. What was
 * read answers for a pod only where the watch had shown that pod before the question was asked: for it, the answer is
 * then as live as one of its own. No clocks of two machines are compared.
 */
export class SharedControllers {
  readonly #read: ReadController;
  readonly #asked = new BoundedMap<string, Asked>(MOST);
  readonly #freshMs: number;

  constructor(read: ReadController, freshMs = FRESH_MS) {
    this.#read = read;
    this.#freshMs = freshMs;
  }

  /**
   * How to read the controller of one pod.
   *
   * @param rank which of all pods that the watch has ever shown this is: 1, 2, …; undefined for one that it does not
   * show, which is read for live.
   * @param seen how many pods the watch has shown by now.
   */
  for(rank: number | undefined, seen: number): ReadController {
    return async (kind, named, deadline) => {
      if (rank === undefined) return this.#read(kind, named, deadline);
      const key = `${kind.plural}.${kind.group} ${named.namespace}/${named.name}`;
      const shared = this.#asked.get(key);
      if (shared !== undefined && shared.seen >= rank && performance.now() - shared.at < this.#freshMs) {
        const object = await answerBy(deadline, shared.answer);
        // Another one under its name, or none: whoever refuses a pod for that looks itself.
        if (object?.metadata.uid === named.uid) return object as InstanceOf<typeof kind>;
      }
      const answer = this.#read(kind, named, deadline);
      this.#asked.set(key, { seen, at: performance.now(), answer });
      answer.catch(() => this.#asked.delete(key));
      return answer;
    };
  }
}

/** Undefined where it fails, or does not come in time: then the asker's own question says why. */
async function answerBy<T>(deadline: number, answer: Promise<T>): Promise<T | undefined> {
  const late = new AbortController();
  const end = pause(Math.max(0, deadline - performance.now()), late.signal).then(() => undefined);
  try {
    return await Promise.race([answer.catch(() => undefined), end]);
  } finally {
    late.abort();
  }
}

type InstanceOf<K> = K extends Kind<infer T> ? T : never;
