import { head, KIND, ProtocolFault } from "./frames.ts";
import { STREAM_WINDOW } from "./live-stream.ts";

/** Settings by their numbers (RFC 9113, section 6.5.2). */
const PUSH = 2;
const MOST_STREAMS = 3;
const WINDOW = 4;
const LARGEST_WINDOW = 0x7fffffff;
const SETTING = 6;

/** What a client sends first: that it speaks HTTP/2, and that it wants no pushes. */
export const PREFACE: Uint8Array = preface([
  [PUSH, 0],
  [WINDOW, STREAM_WINDOW],
]);

function preface(settings: readonly (readonly [number, number])[]): Uint8Array {
  const payload = new Uint8Array(SETTING * settings.length);
  const view = new DataView(payload.buffer);
  settings.forEach(([setting, value], index) => {
    view.setUint16(SETTING * index, setting);
    view.setUint32(SETTING * index + 2, value);
  });
  const hello = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  return Buffer.concat([hello, head(KIND.settings, 0, 0, payload.length), payload]);
}

/** What of the server's settings matters here; absent: unchanged. */
export interface Settings {
  readonly mostStreams?: number;
  /** Bytes that it lets each stream send at first. */
  readonly streamWindow?: number;
}

/** @throws ProtocolFault */
export function readSettings(payload: Uint8Array): Settings {
  if (payload.length % SETTING !== 0) throw new ProtocolFault("the server's settings break off");
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  let settings: Settings = {};
  for (let at = 0; at < payload.length; at += SETTING) {
    const setting = view.getUint16(at);
    const value = view.getUint32(at + 2);
    if (setting === MOST_STREAMS) settings = { ...settings, mostStreams: value };
    if (setting !== WINDOW) continue;
    if (value > LARGEST_WINDOW) throw new ProtocolFault("the server's window is too large");
    settings = { ...settings, streamWindow: value };
  }
  return settings;
}
