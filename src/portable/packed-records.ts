import type { PortableRecord } from "./document.ts";

/** Records that are packed together: some 400 KiB of text, which are alike. */
const CHUNK = 500;

/** Many records in memory in about a tenth of the room: as compressed text, in the order in which they came. */
export class PackedRecords {
  count = 0;
  /** Bytes that the packed chunks take. */
  size = 0;
  readonly #chunks: Uint8Array[] = [];
  #open: PortableRecord[] = [];

  add(record: PortableRecord): void {
    this.count += 1;
    this.#open.push(record);
    if (this.#open.length === CHUNK) this.#close();
  }

  /** One chunk of them is unpacked at a time. */
  *[Symbol.iterator](): Generator<PortableRecord> {
    for (const chunk of this.#chunks)
      yield* JSON.parse(new TextDecoder().decode(Bun.inflateSync(chunk as Uint8Array<ArrayBuffer>)));
    yield* this.#open;
  }

  #close(): void {
    const chunk = Bun.deflateSync(JSON.stringify(this.#open), { level: 1 });
    this.#open = [];
    this.#chunks.push(chunk);
    this.size += chunk.length;
  }
}
