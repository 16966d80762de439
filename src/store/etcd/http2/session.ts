import {
  CODE,
  FLAG,
  type Frame,
  FrameCutter,
  head,
  KIND,
  numbers,
  ProtocolFault,
  unpadded,
} from "./frames.ts";
import { encodeHeaders, type Headers } from "./header-block.ts";
import { HeaderFrames } from "./header-frames.ts";
import { type Link, LiveStream } from "./live-stream.ts";
import { PREFACE, readSettings } from "./settings.ts";
import type { Listener, Stream } from "./stream.ts";

/** Where bytes go to. */
export interface Output {
  /** The socket has taken all that was written. */
  readonly isEmpty: boolean;
  /** In this order; as soon as the socket takes them. */
  write(...bytes: readonly Uint8Array[]): void;
  /** Ends the connection when all is written. */
  close(): void;
}

export interface SessionEvents {
  /** The server has shown its settings: it speaks HTTP/2, and has accepted us. */
  ready(): void;
  /** Once: why the connection cannot go on. */
  lost(reason: string): void;
}

const FIRST_WINDOW = 65_535;
const CONNECTION_WINDOW = 8 << 20;
const LAST_ID = 0x7fffffff;
const PING_BYTES = 8;
/** Acknowledgements that wait for the socket: nobody asks for so many at once but who wants to harm, or takes none. */
const MOST_OWED = 1_000;

/**
 * The client's side of one HTTP/2 connection (RFC 9113), as far as gRPC needs it: no server's pushes, no priorities,
 * no requests compressed. `node:http2` does as much at three times the price, and brings sockets and streams along that
 * each run of the plugin would have to load. A fault of the server ends the connection.
 */
export class Session {
  readonly #output: Output;
  readonly #events: SessionEvents;
  readonly #cutter = new FrameCutter();
  readonly #headers = new HeaderFrames();
  readonly #streams = new Map<number, LiveStream>();
  readonly #pings: ((answered: boolean) => void)[] = [];
  readonly #link: Link;
  /** In the order in which they came. */
  readonly #waiting = new Set<LiveStream>();
  #nextId = 1;
  /** Of the streams those that have no end of their own. */
  #lasting = 0;
  #streamWindow = FIRST_WINDOW;
  #mostStreams = Number.POSITIVE_INFINITY;
  #taken = 0;
  #owed = 0;
  #isReady = false;
  #isLeaving = false;
  #isLost = false;

  constructor(output: Output, events: SessionEvents) {
    this.#output = output;
    this.#events = events;
    this.#link = {
      window: FIRST_WINDOW,
      send: (...bytes) => output.write(...bytes),
      ended: (stream) => this.#forget(stream),
    };
    output.write(PREFACE, numbers(KIND.window, 0, CONNECTION_WINDOW - FIRST_WINDOW));
  }

  /** Whether it takes new requests. */
  get usable(): boolean {
    return !this.#isLeaving && !this.#isLost && this.#nextId < LAST_ID;
  }

  /** Nothing comes any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Begins a request; waits where the server takes no more at once. Only where it is `usable`.
   *
   * @param lasting its answer has no end, as a watch's. Half of what the server takes at once is left to others.
   */
  request(headers: Headers, listener: Listener, lasting = false): Stream {
    const stream = new LiveStream(this.#link, encodeHeaders(headers), listener, lasting);
    this.#waiting.add(stream);
    this.#beginWaiting();
    return stream;
  }

  /** Calls back when the server has answered, with false where the connection is lost before. */
  ping(done: (answered: boolean) => void): void {
    if (this.#isLost) {
      done(false);
    } else {
      this.#pings.push(done);
      this.#output.write(numbers(KIND.ping, 0, 0, 0));
    }
  }

  /** Takes no new requests, and closes the connection when those under way have ended. */
  leave(): void {
    this.#isLeaving = true;
    this.#closeWhereIdle();
  }

  /** Takes what came from the server. */
  receive(bytes: Uint8Array): void {
    if (this.#isLost) return;
    try {
      for (const frame of this.#cutter.cut(bytes)) this.#take(frame);
    } catch (fault) {
      this.lose(fault instanceof Error ? fault.message : String(fault));
    }
  }

  /** The connection is lost: all that is under way ends. */
  lose(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#output.close();
    this.#refuseWaiting();
    for (const stream of [...this.#streams.values()]) stream.end({ lost: reason });
    for (const done of this.#pings.splice(0)) done(false);
    this.#events.lost(reason);
  }

  #take(frame: Frame): void {
    const { flags, kind, payload, stream } = frame;
    if (!this.#isReady && kind !== KIND.settings) throw new ProtocolFault("the server does not speak HTTP/2");
    if (this.#headers.isOpen && kind !== KIND.continuation)
      throw new ProtocolFault("a frame came between headers");
    const number = (at: number) =>
      new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(at);
    if (kind === KIND.data) this.#takeData(frame);
    else if (kind === KIND.headers || kind === KIND.continuation) this.#takeHeaders(frame);
    else if (kind === KIND.reset) this.#streams.get(stream)?.end({ resetCode: number(0) });
    else if (kind === KIND.settings) this.#takeSettings(frame);
    else if (kind === KIND.push) throw new ProtocolFault("the server pushes");
    else if (kind === KIND.ping && flags & FLAG.acknowledged) this.#pings.shift()?.(true);
    else if (kind === KIND.ping) this.#takePing(payload);
    else if (kind === KIND.goAway) this.#takeGoAway(number(0) & LAST_ID);
    else if (kind === KIND.window) this.#takeWindow(stream, number(0) & LAST_ID);
  }

  #takeData(frame: Frame): void {
    const { flags, payload } = frame;
    const stream = this.#streams.get(frame.stream);
    this.#taken += payload.length;
    if (this.#taken >= CONNECTION_WINDOW / 2) {
      this.#output.write(numbers(KIND.window, 0, this.#taken));
      this.#taken = 0;
    }
    const bytes = unpadded(frame);
    stream?.data(bytes, payload.length - bytes.length);
    if (flags & FLAG.endStream) stream?.answered();
  }

  #takeHeaders(frame: Frame): void {
    const whole = this.#headers.take(frame);
    if (whole === undefined) return;
    const stream = this.#streams.get(whole.stream);
    stream?.headers(whole.headers);
    if (whole.last) stream?.answered();
  }

  #takeSettings({ flags, payload }: Frame): void {
    if (flags & FLAG.acknowledged) return;
    const { mostStreams, streamWindow } = readSettings(payload);
    this.#mostStreams = mostStreams ?? this.#mostStreams;
    const wider = (streamWindow ?? this.#streamWindow) - this.#streamWindow;
    this.#streamWindow += wider;
    this.#acknowledge(KIND.settings, new Uint8Array());
    for (const stream of [...this.#streams.values()]) stream.widen(wider);
    this.#beginWaiting();
    if (this.#isReady) return;
    this.#isReady = true;
    this.#events.ready();
  }

  #takePing(payload: Uint8Array): void {
    if (payload.length !== PING_BYTES) throw new ProtocolFault("a ping has another size than each has");
    this.#acknowledge(KIND.ping, payload);
  }

  #acknowledge(kind: number, payload: Uint8Array): void {
    this.#owed = this.#output.isEmpty ? 1 : this.#owed + 1;
    if (this.#owed > MOST_OWED) throw new ProtocolFault("the server asks for too many acknowledgements");
    this.#output.write(head(kind, FLAG.acknowledged, 0, payload.length), payload);
  }

  /** What the server has not begun it never will (RFC 9113, section 6.8). */
  #takeGoAway(last: number): void {
    this.#isLeaving = true;
    this.#refuseWaiting();
    for (const stream of [...this.#streams.values()])
      if (stream.id > last) stream.end({ resetCode: CODE.refused });
    this.#closeWhereIdle();
  }

  #takeWindow(stream: number, bytes: number): void {
    if (stream !== 0) {
      this.#streams.get(stream)?.widen(bytes);
    } else {
      this.#link.window += bytes;
      for (const each of [...this.#streams.values()]) each.pump();
    }
  }

  #beginWaiting(): void {
    for (const stream of this.#waiting) {
      if (this.#streams.size >= this.#mostStreams) return;
      if (stream.lasting && this.#lasting >= Math.floor(this.#mostStreams / 2)) continue;
      this.#waiting.delete(stream);
      if (stream.lasting) this.#lasting += 1;
      const id = this.#nextId;
      this.#nextId += 2;
      this.#streams.set(id, stream);
      stream.begin(id, this.#streamWindow);
    }
  }

  #refuseWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const stream of waiting) stream.end({ resetCode: CODE.refused });
  }

  #forget(stream: LiveStream): void {
    this.#waiting.delete(stream);
    if (this.#streams.delete(stream.id) && stream.lasting) this.#lasting -= 1;
    if (!this.#isLost) this.#beginWaiting();
    this.#closeWhereIdle();
  }

  #closeWhereIdle(): void {
    const isIdle = this.#streams.size === 0 && this.#waiting.size === 0;
    if (this.#isLeaving && isIdle) this.lose("the connection was closed");
  }
}
