import type { CallOptions } from "../../../ipam/store-port.ts";
import type { Objects } from "../objects/objects.ts";
import { openSession, type Session } from "../transactions/session.ts";
import { type MemoryServer, noAnswer, objectsIn } from "./memory-server.ts";
import type { VirtualTime } from "./virtual-time.ts";

const HOUR_MS = 3_600_000;
/** When a client gives up. */
const PATIENCE_MS = 10_000;

export interface World {
  readonly time: VirtualTime;
  readonly server: MemoryServer;
  readonly random: () => number;
  /** Of a hundred calls, so many meet a fault. */
  readonly faults: number;
  /** Which ones. */
  readonly fates: Fates;
}

/** What may happen to a call: the cases of `#carry`. */
export interface Fates {
  readonly cases: readonly number[];
  readonly onlyToWrites?: boolean;
}

export const ALL_FATES: Fates = { cases: [0, 1, 2, 3, 4, 5, 6, 7, 8] };
/** The process dies, or nobody answers it, and what it has sent comes late. */
export const LATE_WRITES: Fates = { cases: [0, 4], onlyToWrites: true };

/** A process of a node: with a clock, a connection and memory of its own. It may be stopped for long, or die. */
export class Process {
  readonly session: Session;
  readonly name: string;
  readonly #world: World;
  isDead = false;
  calls = 0;
  /** Attachments that it has begun to make. */
  containers = 0;
  /** Faults that its calls have met. */
  met = 0;
  /** Writes that may be performed after all, or once more, when nobody expects it. */
  strays = 0;
  #frozenUntil = 0;

  constructor(name: string, world: World) {
    this.name = name;
    this.#world = world;
    const { random, server, time } = world;
    const began = Math.floor(random() * HOUR_MS);
    let ids = 0;
    const objects: Objects = objectsIn(server, (isWrite, options, call) =>
      this.#carry(isWrite, options, call),
    );
    this.session = openSession(objects, {
      now: () => time.now + began,
      sleep: (milliseconds) => this.sleep(milliseconds),
      random,
      // In the order of no process.
      newId: () => `${Math.floor(random() * 1e9).toString(36)}-${name}-${ids++}`,
    });
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.#later(milliseconds, resolve));
  }

  options(): CallOptions {
    return { deadline: this.#world.time.now + 40_000 };
  }

  #later(milliseconds: number, run: () => void): void {
    const { time } = this.#world;
    const wake = () => {
      if (this.isDead) return;
      if (time.now < this.#frozenUntil) time.at(this.#frozenUntil, wake);
      else run();
    };
    time.at(time.now + milliseconds, wake);
  }

  #carry<T>(isWrite: boolean, { deadline }: CallOptions, call: () => T): Promise<T> {
    const { fates, faults, random, time } = this.#world;
    this.calls += 1;
    return new Promise((resolve, reject) => {
      if (time.now >= deadline) return reject(noAnswer("unavailable"));
      const slow = random() < 0.05 ? 500 * random() : 0;
      const way = 1 + Math.floor(random() ** 3 * 40 + slow);
      const back = 1 + Math.floor(random() ** 3 * 40);
      const perform = (after: number, answered: (value: T) => void) =>
        time.at(time.now + after, () => answered(call()));
      const answer = (value: T) => this.#later(back, () => resolve(value));
      const fail = (after: number) =>
        this.#later(after, () => reject(noAnswer(isWrite ? "unknown-outcome" : "unavailable")));
      const silently = () => undefined;
      const long = random() < 0.5 ? HOUR_MS * random() : 3_000 * random();
      const { cases, onlyToWrites = false } = fates;
      const isHit = random() * 100 < faults && (isWrite || !onlyToWrites);
      const fate = isHit ? cases[Math.floor(random() * cases.length)] : undefined;
      if (fate !== undefined) this.met += 1;
      switch (fate) {
        case 0:
          // Dies before, or after; what it sent may be on its way for long.
          this.strays += 1;
          if (random() < 0.6) perform(random() < 0.5 ? way : way + long, silently);
          this.isDead = true;
          return;
        case 1:
          return this.#later(way, () => reject(noAnswer("unavailable")));
        case 2:
          return fail(random() < 0.5 ? way : PATIENCE_MS);
        case 3:
          if (isWrite) this.strays += 1;
          perform(way, silently);
          return fail(random() < 0.5 ? way + back : PATIENCE_MS);
        case 4:
          if (isWrite) this.strays += 1;
          perform(way + long, silently);
          return fail(random() < 0.5 ? way : PATIENCE_MS);
        case 5:
          if (isWrite) this.strays += 1;
          perform(way, answer);
          return perform(way + long, silently);
        case 6:
          if (isWrite) this.strays += 1;
          perform(way, silently);
          return perform(way + (random() < 0.7 ? 1 : long), answer);
        case 7:
          this.#frozenUntil = time.now + long;
          return perform(way, answer);
        case 8:
          this.#frozenUntil = time.now + long;
          return perform(way + long, answer);
        default:
          return perform(way, answer);
      }
    });
  }
}
