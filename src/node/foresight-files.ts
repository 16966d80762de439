import type { Foresight, Memory } from "../ipam/foresight.ts";
import { intervalOf } from "../ipam/reserve/reserved-ranges.ts";
import { fileName } from "./file-name.ts";
import { filesOf, readIfThere, removeFile, replaceFile } from "./files.ts";
import { quietly } from "./quietly.ts";

/**
 * The foresight of a process that serves one ADD: a file per network below `folder`, gone at reboot.
 * What it says may be as old as the last ADD that looked.
 */
export function openForesightFiles(folder: string): Foresight {
  const read = new Map<string, string>();
  const pathOf = (network: string) => `${folder}/${fileName(network)}${ENDING}`;
  return {
    guesses: true,
    takenIn: () => HEARD_OF_NOTHING,
    recall: (network) =>
      quietly(() => {
        const text = readIfThere(pathOf(network), "runDir");
        if (text === undefined) return undefined;
        read.set(network, text);
        return parse(text);
      }),
    learn: (network, { reserved: _, ...memory }) => {
      const text = JSON.stringify({ version: VERSION, ...memory });
      if (read.get(network) === text) return;
      quietly(() => makeRoom(folder));
      quietly(() => replaceFile(pathOf(network), text, "runDir"));
    },
    forget: (network) => {
      read.delete(network);
      quietly(() => removeFile(pathOf(network), "runDir"));
    },
  };
}

const ENDING = ".json";
const VERSION = 1;
const HEARD_OF_NOTHING = { has: () => false };

/** So many networks are remembered: pods may bring ranges of their own, each time others. */
const MOST = 64;

function makeRoom(folder: string): void {
  const names = filesOf(folder, ENDING, "runDir");
  for (const name of names.slice(MOST - 1)) removeFile(`${folder}/${name}`, "runDir");
}

/** Throws, or answers undefined, for what no program of this version wrote. */
function parse(text: string): Memory | undefined {
  const { version, meta, network, reservedRanges } = JSON.parse(text) as Partial<Memory> & {
    version?: number;
  };
  const whole = typeof meta?.record.uuid === "string" && typeof network?.revision === "number";
  if (version !== VERSION || !whole) return undefined;
  const reserved = (reservedRanges?.record.ranges ?? []).map(intervalOf);
  return { meta, network, ...(reservedRanges && { reservedRanges }), reserved };
}
