import { readdirSync, readFileSync } from "node:fs";
import { isAbsent } from "./files.ts";

/** The paths of the files in another program's folder; none where there is no folder. Throws as node:fs does. */
export function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => `${folder}/${name}`);
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw cause;
  }
}

/** The text of a file; undefined where it has gone meanwhile. Throws as node:fs does. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw cause;
  }
}
