import type { Cursors, RememberedStore, StoreMemory, Witness, Witnesses } from "../../ipam/node-port.ts";

/** What other processes of the node wrote is seen after so long. */
const FRESH_MS = 20;
/** What we know is on disk after so long; a crash loses no more, and only makes the memory older. */
const FLUSH_MS = 20;

interface Known<T> {
  value: T;
  /** performance.now() milliseconds at which the file was read. */
  readonly read: number;
  dirty: boolean;
}

/**
 * Values of files that change with every ADD, written a little later and once for many. None is remembered longer than
 * that: a node may see any number of pools and address spaces.
 */
class WriteBehindCache<T> {
  readonly #known = new Map<string, Known<T>>();
  readonly #read: (key: string) => T;
  readonly #write: (key: string, value: T) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(read: (key: string) => T, write: (key: string, value: T) => void) {
    this.#read = read;
    this.#write = write;
  }

  get(key: string): T {
    return this.#find(key).value;
  }

  set(key: string, value: T): void {
    const known = this.#find(key);
    known.value = value;
    known.dirty = true;
  }

  /** How many values are in memory. */
  get size(): number {
    return this.#known.size;
  }

  /** Forgets what the file said, and says nothing to it. */
  drop(key: string): void {
    this.#known.delete(key);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const known = [...this.#known];
    this.#known.clear();
    for (const [key, { dirty, value }] of known) if (dirty) this.#write(key, value);
  }

  #find(key: string): Known<T> {
    const known = this.#known.get(key);
    if (known !== undefined && (known.dirty || performance.now() - known.read < FRESH_MS)) return known;
    const fresh = { value: this.#read(key), read: performance.now(), dirty: false };
    this.#known.set(key, fresh);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
    return fresh;
  }
}

/** Hints in memory, of which a crash may lose the last moment. */
export interface WriteBehind<T> {
  readonly hints: T;
  /** Everything is in its file when this returns. */
  flush(): void;
  /** How much is in memory. */
  size(): number;
}

/** The store that the node knows: its identity is written at once, its revision a little later. */
export function writeBehindStoreMemory(memory: StoreMemory): WriteBehind<StoreMemory> {
  const raise = (space: string, known: RememberedStore | undefined) => {
    // An operator may have made the node forget its store meanwhile.
    if (known !== undefined && sameStore(memory.recall(space), known)) memory.remember(space, known);
  };
  const cache = new WriteBehindCache<RememberedStore | undefined>(memory.recall, raise);
  const remember = (space: string, store: RememberedStore) => {
    const known = cache.get(space);
    if (!sameStore(known, store)) {
      cache.drop(space);
      memory.remember(space, store);
    } else if (known !== undefined && isNewer(store, known)) {
      const revision = Math.max(known.revision, store.revision);
      const epoch = Math.max(known.epoch ?? 0, store.epoch ?? 0);
      cache.set(space, { ...known, revision, ...(epoch > 0 && { epoch }) });
    }
  };
  const accept = (space: string, store: RememberedStore) => {
    cache.drop(space);
    memory.accept(space, store);
  };
  const hints = { recall: (space: string) => cache.get(space), remember, accept, spaces: memory.spaces };
  return { hints, flush: () => cache.flush(), size: () => cache.size };
}

/** Cursors that go on in memory and reach their files a little later. */
export function writeBehindCursors(cursors: Cursors): WriteBehind<Cursors> {
  const cache = new WriteBehindCache<bigint | undefined>(cursors.read, (pool, position) => {
    cursors.advance(pool, () => position);
  });
  const advance: Cursors["advance"] = (pool, next) => {
    const value = next(cache.get(pool));
    if (value !== undefined) cache.set(pool, value);
    return value;
  };
  const hints = { read: (pool: string) => cache.get(pool), advance };
  return { hints, flush: () => cache.flush(), size: () => cache.size };
}

function isNewer(a: RememberedStore, b: RememberedStore): boolean {
  return a.revision > b.revision || (a.epoch ?? 0) > (b.epoch ?? 0);
}

/** What `b` leaves out, a process that did not read it does not know. */
function sameStore(a: RememberedStore | undefined, b: RememberedStore): boolean {
  const lineage = b.lineage ?? a?.lineage;
  return a?.uuid === b.uuid && a.prefix === b.prefix && a.recovery === b.recovery && a.lineage === lineage;
}

/** Witnesses in memory at once, in their file a little later. */
export function writeBehindWitnesses(file: Witnesses): WriteBehind<Witnesses> {
  let waiting: Witness[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const noted = waiting;
    waiting = [];
    if (noted.length > 0) file.note(noted);
  };
  const note = (witnesses: readonly Witness[]) => {
    waiting.push(...witnesses);
    timer ??= setTimeout(flush, FLUSH_MS);
  };
  const newest = () => {
    flush();
    return file.newest();
  };
  const forget = () => {
    waiting = [];
    file.forget();
  };
  return { hints: { note, newest, forget }, flush, size: () => waiting.length };
}
