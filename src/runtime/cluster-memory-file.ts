import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isSubstitute, partsOf } from "../ipam/cluster-names.ts";
import type { ClusterMemory } from "./cluster-memory.ts";

const FILE_NAME = "cluster";
const NODE = "node ";

/** What this node remembers of its cluster; undefined where that is nothing. Never throws. */
export function readClusterMemory(dataDir: string): ClusterMemory | undefined {
  const lines = linesOf(dataDir);
  const names = lines.filter((line) => !line.startsWith(NODE));
  if (names.length === 0) return undefined;
  const uid = names.find((name) => !isSubstitute(name));
  const node = lines.find((line) => line.startsWith(NODE))?.slice(NODE.length);
  return {
    ...(uid !== undefined && { uid }),
    substitutes: names.filter(isSubstitute).flatMap(partsOf),
    ...(node !== undefined && { node }),
  };
}

/** One name a line. Best effort: without the file, the next ADD asks again. */
export function writeClusterMemory(dataDir: string, { node, substitutes, uid }: ClusterMemory): void {
  const lines = [
    ...(uid === undefined ? [] : [uid]),
    ...substitutes,
    ...(node === undefined ? [] : [NODE + node]),
  ];
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const temporary = `${dataDir}/.${FILE_NAME}.${process.pid}`;
    writeFileSync(temporary, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
    renameSync(temporary, `${dataDir}/${FILE_NAME}`);
  } catch {
    // The next ADD asks again.
  }
}

function linesOf(dataDir: string): string[] {
  try {
    const text = readFileSync(`${dataDir}/${FILE_NAME}`, "utf8");
    return text.split("\n").flatMap((line) => line.trim() || []);
  } catch {
    return [];
  }
}
