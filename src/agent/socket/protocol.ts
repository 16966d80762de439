/**
 * The frames between shim and agent (docs/agent-protocol.md). Frames and fields that are not known
 * are passed over, so that neighbouring versions understand each other.
 */
export const PROTOCOL_VERSION = 1;

export const FRAME = { request: 1, answer: 2, acknowledgement: 3, working: 4, unprinted: 5 } as const;
export const FIELD = { env: 1, stdin: 2, stdout: 3, exitCode: 4 } as const;

export const MOST_REQUEST_BYTES = 4 * 1024 * 1024;
const FRAME_HEADER = 6;
const FIELD_HEADER = 5;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

export interface Frame {
  readonly kind: number;
  readonly body: Uint8Array;
}

export interface AgentRequest {
  /** CNI_* and KUBE_IPAM_DEADLINE_MS. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

export interface AgentAnswer {
  readonly stdout: string;
  readonly exitCode: number;
}

/** What came is not this protocol; the reader closes the connection. */
export class ProtocolError extends Error {}

/** Puts frames together from the pieces in which they arrive. */
export class FrameReader {
  #bytes: Uint8Array = new Uint8Array(0);

  /**
   * The frames that are complete now.
   *
   * @throws ProtocolError for another version, or a frame that is longer than any may be.
   */
  push(piece: Uint8Array): Frame[] {
    this.#bytes = this.#bytes.length === 0 ? piece.slice() : concatenate([this.#bytes, piece]);
    const frames: Frame[] = [];
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) frames.push(frame);
    return frames;
  }

  #take(): Frame | undefined {
    const bytes = this.#bytes;
    if (bytes.length > 0 && bytes[0] !== PROTOCOL_VERSION) {
      throw new ProtocolError(`expected version ${PROTOCOL_VERSION} of the protocol, got ${bytes[0]}`);
    }
    if (bytes.length < FRAME_HEADER) return undefined;
    const size = numberAt(bytes, 2);
    if (size > MOST_REQUEST_BYTES) {
      throw new ProtocolError(`expected at most ${MOST_REQUEST_BYTES} bytes, got a frame of ${size}`);
    }
    if (bytes.length < FRAME_HEADER + size) return undefined;
    this.#bytes = bytes.subarray(FRAME_HEADER + size);
    return { kind: bytes[1] ?? 0, body: bytes.subarray(FRAME_HEADER, FRAME_HEADER + size) };
  }
}

/** @throws ProtocolError */
export function readRequest(body: Uint8Array): AgentRequest {
  const env: [string, string][] = [];
  let stdin = "";
  for (const { tag, value } of fieldsOf(body)) {
    if (tag === FIELD.stdin) stdin = DECODER.decode(value);
    if (tag === FIELD.env) env.push(variable(DECODER.decode(value)));
  }
  return {
    env: Object.fromEntries(env.filter(([name]) => /^(CNI_|KUBE_IPAM_DEADLINE_MS$)/.test(name))),
    stdin,
  };
}

/** @throws ProtocolError */
export function readAnswer(body: Uint8Array): AgentAnswer {
  let stdout = "";
  let exitCode: number | undefined;
  for (const { tag, value } of fieldsOf(body)) {
    if (tag === FIELD.stdout) stdout = DECODER.decode(value);
    if (tag === FIELD.exitCode) exitCode = value[0];
  }
  if (exitCode === undefined) throw new ProtocolError("expected an exit code in the answer, got none");
  return { stdout, exitCode };
}

export function requestFrame({ env, stdin }: AgentRequest): Uint8Array {
  const variables = Object.entries(env).map(([name, value]) => field(FIELD.env, encode(`${name}=${value}`)));
  return frame(FRAME.request, [...variables, field(FIELD.stdin, encode(stdin))]);
}

export function answerFrame({ stdout, exitCode }: AgentAnswer): Uint8Array {
  return frame(FRAME.answer, [
    field(FIELD.stdout, encode(stdout)),
    field(FIELD.exitCode, Uint8Array.of(exitCode)),
  ]);
}

export const WORKING: Uint8Array = frame(FRAME.working, []);
export const UNPRINTED: Uint8Array = frame(FRAME.unprinted, []);
export const ACKNOWLEDGEMENT: Uint8Array = frame(FRAME.acknowledgement, []);

function frame(kind: number, fields: readonly Uint8Array[]): Uint8Array {
  const body = concatenate(fields);
  return concatenate([Uint8Array.of(PROTOCOL_VERSION, kind), bigEndian(body.length), body]);
}

function field(tag: number, value: Uint8Array): Uint8Array {
  return concatenate([Uint8Array.of(tag), bigEndian(value.length), value]);
}

function* fieldsOf(body: Uint8Array): Generator<{ tag: number; value: Uint8Array }> {
  for (let at = 0; at < body.length; ) {
    const from = at + FIELD_HEADER;
    const end = from + (from <= body.length ? numberAt(body, at + 1) : 0);
    if (from > body.length || end > body.length) throw new ProtocolError("a field is longer than its frame");
    yield { tag: body[at] ?? 0, value: body.subarray(from, end) };
    at = end;
  }
}

function variable(text: string): [string, string] {
  const end = text.indexOf("=");
  return end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end + 1)];
}

function numberAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
}

function bigEndian(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

function encode(text: string): Uint8Array {
  return ENCODER.encode(text);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
