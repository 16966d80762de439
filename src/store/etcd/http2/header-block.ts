import { fromHuffman, HeaderFault } from "./huffman.ts";

/** Names and values; names are in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** Literals that nobody on the way may keep in a table: one of them may be a token. */
const NEVER_INDEXED = 0x10;

/** Encodes headers for a request (RFC 7541). Nothing is compressed: they are few. */
export function encodeHeaders(headers: Headers): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, value] of Object.entries(headers)) {
    parts.push(Uint8Array.of(NEVER_INDEXED), ...literal(name), ...literal(value));
  }
  return Buffer.concat(parts);
}

function literal(text: string): Uint8Array[] {
  const bytes = Buffer.from(text);
  return [number(bytes.length), bytes];
}

/** A length, in the seven bits beside the mark of Huffman's code. */
function number(value: number): Uint8Array {
  if (value < 0x7f) return Uint8Array.of(value);
  const bytes = [0x7f];
  let rest = value - 0x7f;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Uint8Array.from([...bytes, rest]);
}

/**
 * Decodes the headers and trailers of one connection, in the order in which they come: what one of them holds the next
 * may name by its number (RFC 7541). The server's table has its usual size.
 */
export class HeaderDecoder {
  /** Newest first. */
  readonly #table: (readonly [name: string, value: string])[] = [];
  #size = 0;
  #most = TABLE_SIZE;

  /** @throws HeaderFault */
  decode(block: Uint8Array): Headers {
    const reader = new Reader(block);
    const headers: Record<string, string> = {};
    while (!reader.done()) {
      const kind = reader.peek();
      if ((kind & 0xe0) === 0x20) {
        this.#resize(reader.number(5));
        continue;
      }
      const [name, value] = kind & 0x80 ? this.#entry(reader.number(7)) : this.#literal(reader, kind);
      headers[name] = value;
    }
    return headers;
  }

  #literal(reader: Reader, kind: number): readonly [string, string] {
    const isKept = (kind & 0x40) !== 0;
    const index = reader.number(isKept ? 6 : 4);
    const [name] = index === 0 ? [reader.text()] : this.#entry(index);
    const entry = [name, reader.text()] as const;
    if (!isKept) return entry;
    this.#table.unshift(entry);
    this.#size += sizeOf(entry);
    this.#evict();
    return entry;
  }

  #entry(index: number): readonly [string, string] {
    const fixed = FIXED[index - 1];
    if (fixed !== undefined) return [fixed, STATUS[index - FIRST_STATUS] ?? ""];
    const entry = this.#table[index - FIXED.length - 1];
    if (entry === undefined) throw new HeaderFault("a header is in no table");
    return entry;
  }

  #resize(most: number): void {
    if (most > TABLE_SIZE) throw new HeaderFault("the server keeps too large a table of headers");
    this.#most = most;
    this.#evict();
  }

  #evict(): void {
    while (this.#size > this.#most) {
      const oldest = this.#table.pop();
      if (oldest === undefined) return;
      this.#size -= sizeOf(oldest);
    }
  }
}

const TABLE_SIZE = 4096;

function sizeOf([name, value]: readonly [string, string]): number {
  return name.length + value.length + 32;
}

/** The names of the fixed table (RFC 7541, appendix A); of its values only the HTTP status says something to gRPC. */
const FIXED = [
  ":authority :method :method :path :path :scheme :scheme",
  ":status :status :status :status :status :status :status",
  "accept-charset accept-encoding accept-language accept-ranges accept access-control-allow-origin age allow",
  "authorization cache-control content-disposition content-encoding content-language content-length",
  "content-location content-range content-type cookie date etag expect expires from host if-match",
  "if-modified-since if-none-match if-range if-unmodified-since last-modified link location max-forwards",
  "proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie",
  "strict-transport-security transfer-encoding user-agent vary via www-authenticate",
].flatMap((names) => names.split(" "));
const FIRST_STATUS = 8;
const STATUS = ["200", "204", "206", "304", "400", "404", "500"];

/** Of the last byte of a number: none that means something has more of them, though zeros may follow without end. */
const MOST_WEIGHT = 0x80 ** 3;

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  peek(): number {
    return this.#bytes[this.#at] ?? 0;
  }

  /** A number whose first `bits` bits stand in this byte. */
  number(bits: number): number {
    const most = 2 ** bits - 1;
    let value = this.#byte() & most;
    if (value < most) return value;
    for (let weight = 1; weight <= MOST_WEIGHT; weight *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value;
    }
    throw new HeaderFault("a number in the headers is too large");
  }

  text(): string {
    const isCoded = (this.peek() & 0x80) !== 0;
    const length = this.number(7);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new HeaderFault("the headers break off");
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return isCoded ? fromHuffman(bytes) : Buffer.from(bytes).toString("latin1");
  }

  #byte(): number {
    if (this.done()) throw new HeaderFault("the headers break off");
    const byte = this.peek();
    this.#at += 1;
    return byte;
  }
}
