/** Who lives with an address: a pod whose ADD was told that it has it, until its sandbox ends. */
export class Living {
  readonly #byAddress = new Map<string, string>();
  /** Attachments whose sandbox has ended, or whose process died in their ADD: anybody may free what they hold. */
  readonly gone = new Set<string>();

  begin(attachment: string, addresses: readonly string[]): void {
    for (const address of addresses) {
      const other = this.#byAddress.get(address);
      if (other !== undefined && other !== attachment)
        throw new Error(`${address} was given to ${attachment} while ${other} lives with it`);
      this.#byAddress.set(address, attachment);
    }
  }

  end(attachment: string): void {
    this.gone.add(attachment);
    for (const [address, of] of this.#byAddress) if (of === attachment) this.#byAddress.delete(address);
  }
}
