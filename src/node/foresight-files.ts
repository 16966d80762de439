import type { Foresight, Memory } from "../ipam/foresight.ts";
import { intervalOf } from "../ipam/reserve/reserved-ranges.ts";
import { fileName } from "./file-name.ts";
import { filesOf, readIfThere, removeFile, replaceFile } from "./files.ts";
import { quietly } from "./quietly.ts";

/**
 * The foresight of a process that serves one ADD: a file per network below `folder`, which a reboot
 * empties. It may be as old as the last ADD that read the store. Never throws.
 */
export function openForesightFiles(folder: string): Foresight {
  const read = new Map<string, string>();
  const pathOf = (network: string) => `${folder}/${fileName(network)}${ENDING}`;
  return {
    recall: (network) =>
      quietly(() => {
        const text = readIfThere(pathOf(network), "runDir");
        if (text === undefined) return undefined;
        read.set(network, text);
        return parse(text);
      }),
    learn: (network, { reserved: _, connection: __, ...memory }) => {
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

/** So many networks are remembered, because each pod may bring other ranges. */
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
