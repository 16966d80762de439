import { closeSync, constants, fstatSync, openSync, read, readFileSync, readSync } from "node:fs";
import type { Input } from "../cni/protocol/call.ts";
import { IpamError } from "../ipam/errors.ts";

const STDIN = 0;
/** No network's configuration is as large; an endless stdin must not fill the memory. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

/**
 * Reads stdin to its end, or to the end of a JSON object where the caller keeps stdin open, or until `end`
 * (BOUNDED). `whole` of the result says whether all has come.
 *
 * @param end milliseconds of performance.now().
 *
 * @throws IpamError io.
 */
export async function readStdin(end: number): Promise<Input> {
  try {
    const kind = fstatSync(STDIN);
    if (kind.isFile()) return { text: readFileSync(STDIN, "utf8"), whole: true };
    const arriving = new Arriving();
    if (kind.isFIFO()) takeWhatIsThere(arriving);
    while (!arriving.whole && performance.now() < end) await takeNext(arriving, end);
    return arriving;
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new IpamError(
      "io",
      `stdin cannot be read: ${reason}`,
      "expected the network configuration on stdin",
    );
  }
}

class Arriving implements Input {
  text = "";
  ended = false;
  readonly buffer = new Uint8Array(64 * 1024);
  readonly #decoder = new TextDecoder();

  get whole(): boolean {
    return this.ended || isObject(this.text);
  }

  /** Takes `count` bytes of the buffer; 0 means that stdin has ended. */
  take(count: number): void {
    this.ended = count === 0;
    this.text += this.#decoder.decode(this.buffer.subarray(0, count), { stream: !this.ended });
    if (this.text.length > MOST_CHARACTERS) throw new Error("it is larger than 16 MiB");
  }
}

function isObject(text: string): boolean {
  if (!text.trimEnd().endsWith("}")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Reads without waiting. That is mostly all: the runtime has written while this process started. */
function takeWhatIsThere(arriving: Arriving): void {
  let descriptor: number;
  try {
    descriptor = openSync(`/proc/self/fd/${STDIN}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return;
  }
  try {
    while (!arriving.ended) arriving.take(readSync(descriptor, arriving.buffer));
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "EAGAIN") throw failure;
  } finally {
    closeSync(descriptor);
  }
}

/** Waits for more in another thread, which ends with the process. */
function takeNext(arriving: Arriving, end: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, end - performance.now());
    read(STDIN, arriving.buffer, 0, arriving.buffer.length, null, (failure, count) => {
      clearTimeout(timer);
      if (failure) return reject(failure);
      try {
        resolve(arriving.take(count));
      } catch (tooLarge) {
        reject(tooLarge);
      }
    });
  });
}
