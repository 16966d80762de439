import fs from "node:fs";
import type { Journal, Witness, Witnesses } from "../ipam/node-port.ts";
import { lockBriefly } from "./lock-briefly.ts";
import { quietly } from "./quietly.ts";

/** A file that grew longer is rewritten with the lines that still count, in bytes. */
const LONGEST = 256 * 1024;
/** So many lines stay at most, of about 150 bytes: after that there is room for a thousand before the next rewriting. */
const MOST_LINES = 500;

/**
 * The node's witnesses in one file, a line for each, the newest last. Many may be noted at once, so that an
 * agent need not write the file for each ADD. A hint: what is lost of it makes the node notice less. Never
 * throws.
 */
export function openWitnesses(path: string, journal: Pick<Journal, "read">): Witnesses {
  const note = (witnesses: readonly Witness[]) => {
    const text = witnesses.map(lineOf).join("");
    quietly(() =>
      lockBriefly(path, (fd) => {
        const end = fs.fstatSync(fd).size;
        if (end + text.length <= LONGEST) return fs.writeSync(fd, text, end);
        const rest = newestOf(linesOf(fs.readFileSync(fd, "utf8")), journal).join("") + text;
        // Written first, so that nobody who reads meanwhile finds an empty file.
        fs.writeSync(fd, rest, 0);
        return fs.ftruncateSync(fd, Buffer.byteLength(rest));
      }),
    );
  };
  return {
    note,
    *newest() {
      const text = quietly(() => fs.readFileSync(path, "utf8")) ?? "";
      // Callers seldom want more than a few.
      for (let end = text.lastIndexOf("\n"); end >= 0; ) {
        const before = end > 0 ? text.lastIndexOf("\n", end - 1) : -1;
        const witness = parse(text.slice(before + 1, end));
        if (witness !== undefined) yield witness;
        end = before;
      }
    },
    forget: () => void quietly(() => fs.rmSync(path, { force: true })),
  };
}

function lineOf({ space, id, requestId, revision }: Witness): string {
  return `${JSON.stringify([requestId, revision, space, id.network, id.container, id.ifname])}\n`;
}

/** Each with its line feed; without the last one where a writer was killed. */
function linesOf(text: string): string[] {
  return text.match(/.*\n/g) ?? [];
}

/** Those that stand, at most so many; each that is looked at costs a file's reading. */
function newestOf(lines: readonly string[], journal: Pick<Journal, "read">): string[] {
  const standing: string[] = [];
  for (let n = lines.length - 1; n >= 0 && standing.length < MOST_LINES; n--) {
    const line = lines[n] ?? "";
    if (stands(line, journal)) standing.push(line);
  }
  return standing.reverse();
}

function stands(line: string, journal: Pick<Journal, "read">): boolean {
  const witness = parse(line);
  return witness !== undefined && journal.read(witness.id)?.holder.requestId === witness.requestId;
}

function parse(line: string): Witness | undefined {
  const parts: unknown = quietly(() => JSON.parse(line));
  if (!Array.isArray(parts)) return undefined;
  const [requestId, revision, space, network, container, ifname] = parts as unknown[];
  if (typeof revision !== "number" || typeof requestId !== "string" || typeof space !== "string")
    return undefined;
  if (typeof network !== "string" || typeof container !== "string" || typeof ifname !== "string")
    return undefined;
  return { space, id: { network, container, ifname }, requestId, revision };
}
