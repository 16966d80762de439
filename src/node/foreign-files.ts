import { readdirSync, readFileSync } from "node:fs";
import { isAbsent } from "./files.ts";

/** The paths of the files in a folder that is another program's; none where there is no folder. */
export function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => `${folder}/${name}`);
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw cause;
  }
}

/** The file's text; undefined where it went away meanwhile. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw cause;
  }
}
