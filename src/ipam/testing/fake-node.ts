import { IpamError } from "../errors.ts";
import { type Here, namespaceStateHere, relationTo } from "../evidence/namespace-evidence.ts";
import type {
  AttachmentLock,
  Attendance,
  JournalEntry,
  KeptRelease,
  LockOptions,
  Node,
  RememberedStore,
  Trace,
  Witness,
} from "../node-port.ts";
import type { AttachmentId, NamespaceId } from "../records.ts";
import { FakeIdentity } from "./fake-identity.ts";

/**
 * A machine in memory, behind the Node port: namespaces come and go, reboots change the boot ID
 * and empty the journal; its disk may be lost, or copied into another machine. For unit and model tests of the decisions only.
 */
export class FakeNode implements Node {
  bootId: string;
  /** Whether `runDir` takes no file more. */
  full = false;
  /** Containers whose DEL was killed. */
  readonly interrupted = new Set<string>();
  readonly #namespaces = new Map<string, NamespaceId>();
  readonly #journal = new Map<string, JournalEntry>();
  readonly #kept = new Map<string, KeptRelease>();
  readonly #stores = new Map<string, RememberedStore>();
  readonly #cursors = new Map<string, bigint>();
  readonly #locks = new Map<string, Promise<void>>();
  readonly #cancels = new Map<string, number>();
  readonly #done = new Set<string>();
  readonly #witnesses: Witness[] = [];
  #inode = 1000;
  readonly #identity = new FakeIdentity();

  /** @param boots begins the boot IDs of this machine; equal ones are machines on one kernel. */
  constructor(
    public name: string,
    private readonly boots = "boot",
  ) {
    this.bootId = `${boots}-1`;
  }

  createNamespace(path: string, namespace?: NamespaceId): void {
    const made = {
      path,
      device: "4",
      inode: String(this.#inode++),
      mountNamespace: "1",
      folder: this.#identity.folder,
    };
    this.#namespaces.set(path, namespace ?? made);
  }

  removeNamespace(path: string): void {
    this.#namespaces.delete(path);
  }

  /** A power cut: nothing in memory-backed folders survives, what is in dataDir does. */
  reboot(): void {
    const boot = Number(this.bootId.slice(this.boots.length + 1));
    this.bootId = `${this.boots}-${boot + 1}`;
    for (const map of [
      this.#namespaces,
      this.#journal,
      this.#cursors,
      this.#locks,
      this.#cancels,
      this.#done,
    ])
      map.clear();
    this.#witnesses.length = 0;
  }

  /** dataDir is lost, and with it the machine's identity, unless it lies in runDir too. */
  loseDisk({ rebooting = false } = {}): void {
    this.#kept.clear();
    this.#stores.clear();
    if (!rebooting) return;
    this.reboot();
    this.#identity.lose();
  }

  /** This machine boots from a copy of the other one's disk; its hardware shows that it is one. */
  bootFromCopyOf(other: FakeNode): void {
    this.loseDisk({ rebooting: true });
    for (const [key, kept] of other.#kept) this.#kept.set(key, kept);
    for (const [space, store] of other.#stores) this.#stores.set(space, store);
  }

  /** The same machine with nothing else that it knew, as of another store. */
  takeIdentityOf(other: FakeNode): void {
    this.#identity.copy(other.#identity);
  }

  machineId(): string {
    return this.#identity.establish(this.bootId);
  }

  /** Its node gets another name. */
  rename(name: string): void {
    this.#identity.names.push(this.name);
    this.name = name;
  }

  formerNames(): readonly string[] {
    return this.#identity.names.filter((former) => former !== this.name);
  }

  readonly #here = (): Here => ({
    name: this.name,
    formerNames: () => this.formerNames(),
    bootId: this.bootId,
    machine: () => this.#identity.id(),
    hadBoot: (boot) => boot !== this.bootId && this.#identity.hadBoot(boot),
    look: ({ path, device, inode, folder = this.#identity.folder }) => {
      if (inode === undefined || folder !== this.#identity.folder) return "unknown";
      const there = this.#namespaces.get(path);
      return there?.inode === inode && there.device === device ? "present" : "gone";
    },
    isHeld: () => undefined,
  });

  relationTo(trace: Trace) {
    return relationTo(trace, this.#here());
  }

  namespaceState(trace: Trace) {
    return namespaceStateHere(trace, this.#here());
  }

  /** `kube-ipam store accept` begins with that. */
  loseStoreMemory(): void {
    this.#stores.clear();
  }

  async lock(id: AttachmentId, options: LockOptions): Promise<AttachmentLock> {
    const key = keyOf(id);
    const begun = this.#cancels.get(key) ?? 0;
    const own = options.cancelling ? begun + 1 : begun;
    if (options.cancelling) this.#cancels.set(key, own);
    const before = this.#locks.get(key);
    const { promise: held, resolve } = Promise.withResolvers<void>();
    const all = before === undefined ? held : before.then(() => held);
    this.#locks.set(key, all);
    const release = () => {
      resolve();
      if (this.#locks.get(key) === all) this.#locks.delete(key);
    };
    if (before !== undefined && !(await Promise.race([before.then(() => true), timeOut(options.deadline)]))) {
      resolve();
      throw new IpamError("tryAgain", `the lock of ${key} is held`);
    }
    const interrupted = this.interrupted.has(id.container);
    const cancelled = () => (this.#cancels.get(key) ?? 0) !== own;
    const leave = () => {
      // As the last process that leaves removes the lock's file.
      this.interrupted.delete(id.container);
      release();
    };
    return { interrupted, cancelled, release: leave };
  }

  async attend(id: AttachmentId): Promise<Attendance> {
    const begun = this.#cancels.get(keyOf(id)) ?? 0;
    const cancelled = () => (this.#cancels.get(keyOf(id)) ?? 0) !== begun;
    const lock = async (deadline: number) => {
      const locked = await this.lock(id, { deadline, cancelling: false });
      return { ...locked, cancelled };
    };
    return { interrupted: this.interrupted.has(id.container), cancelled, lock, release: () => {} };
  }

  identifyNamespace(path: string): NamespaceId | undefined {
    return this.#namespaces.get(path);
  }

  requireWritable(): void {
    if (this.full) throw new IpamError("io", "cannot write in the folder of this node");
  }

  due(task: string): boolean {
    const due = !this.#done.has(task);
    this.#done.add(task);
    return due;
  }

  makeDue(task: string): void {
    this.#done.delete(task);
  }

  /** Every task is due again. */
  waitLong(): void {
    this.#done.clear();
  }

  readonly journal = {
    write: (entry: JournalEntry) => void this.#journal.set(keyOf(entry.holder.attachment), entry),
    begin: (entry: JournalEntry) => {
      const there = this.#journal.has(keyOf(entry.holder.attachment));
      if (!there) this.journal.write(entry);
      return !there;
    },
    read: (id: AttachmentId) => this.#journal.get(keyOf(id)),
    remove: (id: AttachmentId, requestId?: string) => {
      const entry = this.#journal.get(keyOf(id));
      if (requestId === undefined || entry?.holder.requestId === requestId) this.#journal.delete(keyOf(id));
    },
    list: () => [...this.#journal.values()],
  };

  readonly witnesses = {
    note: (noted: readonly Witness[]) => {
      this.#witnesses.unshift(...[...noted].reverse());
      this.#witnesses.splice(MOST_WITNESSES);
    },
    newest: () => [...this.#witnesses],
    forget: () => void this.#witnesses.splice(0),
  };

  readonly keptReleases = {
    keep: (kept: KeptRelease) => void this.#kept.set(keyOf(kept.attachment), kept),
    of: (id: AttachmentId) => this.#kept.get(keyOf(id)),
    list: () => [...this.#kept.values()],
    drop: (id: AttachmentId) => void this.#kept.delete(keyOf(id)),
  };

  readonly storeMemory = {
    recall: (space: string) => this.#stores.get(space),
    remember: (space: string, store: RememberedStore) => {
      const found = this.#stores.get(space);
      const known = found?.uuid === store.uuid ? found : undefined;
      const revision = Math.max(known?.revision ?? 0, store.revision);
      const epoch = Math.max(known?.epoch ?? 0, store.epoch ?? 0);
      const former = known?.formerRecoveries && { formerRecoveries: known.formerRecoveries };
      this.#stores.set(space, { ...known, ...store, ...former, revision, ...(epoch > 0 && { epoch }) });
    },
    accept: (space: string, store: RememberedStore) => void this.#stores.set(space, store),
    spaces: () => [...this.#stores.keys()],
  };

  readonly cursors = {
    read: (pool: string) => this.#cursors.get(pool),
    advance: (pool: string, next: (current: bigint | undefined) => bigint | undefined) => {
      const position = next(this.#cursors.get(pool));
      if (position !== undefined) this.#cursors.set(pool, position);
      return position;
    },
  };
}

/** As many as the file of a node keeps. */
const MOST_WITNESSES = 500;

function timeOut(deadline: number): Promise<false> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), Math.max(0, deadline - performance.now()));
    timer.unref();
  });
}

function keyOf(id: AttachmentId): string {
  return JSON.stringify([id.network, id.container, id.ifname]);
}
