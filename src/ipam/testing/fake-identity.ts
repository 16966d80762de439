interface Known {
  readonly id: string;
  readonly boots: ReadonlySet<string>;
}

/** What a machine in memory knows of itself, as in its dataDir and runDir. */
export class FakeIdentity {
  /** Of this machine's folder of namespaces. */
  folder = `1:${made++}`;
  readonly names: string[] = [];
  #known: Known | undefined;

  id(): string | undefined {
    return this.#known?.id;
  }

  hadBoot(bootId: string): boolean {
    return this.#known?.boots.has(bootId) === true;
  }

  /** The ID, lasting, with this boot among its boots. */
  establish(bootId: string): string {
    const { id, boots } = this.#known ?? { id: `machine-${made++}`, boots: [] };
    this.#known = { id, boots: new Set([...boots, bootId]) };
    return id;
  }

  lose(): void {
    this.#known = undefined;
  }

  copy(other: FakeIdentity): void {
    this.#known = other.#known;
    this.folder = other.folder;
  }
}

/** Of folders and machines, so that no two are the same. */
let made = 1;
