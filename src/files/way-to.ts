import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import { isOthersPlace } from "./others-places.ts";

/** Where the kernel goes for a path: it follows a link before the ".." behind it, which text alone does not tell. */
export interface Way {
  /** The last folder or file that is there, without links. */
  readonly end: string;
  /** The rest of the path, which is not there. */
  readonly missing: readonly string[];
  /** What was passed on the way, without the ends: folders that were left again, and links; each without links. */
  readonly passed: readonly { readonly path: string; readonly found: Stats }[];
}

/** The kernel follows 40 links; each may go back over some folders. */
const MOST_PASSED = 400;

/**
 * Follows an absolute path.
 *
 * @throws Error for a way through a place of others (a link of /proc is none that can be read), for a circle of links,
 *   or for one that leads back over what is not there; of node:fs otherwise.
 */
export function wayTo(path: string): Way {
  const names = path.split("/").reverse();
  const passed: { path: string; found: Stats }[] = [];
  const pass = (place: string, found: Stats) => passed.push({ path: requireNotOthers(place), found });
  let end = "/";
  while (names.length > 0) {
    const name = names.pop() ?? "";
    const next = join(end, name);
    const found = name === ".." ? lstatSync(end) : statIfThere(next);
    if (found === undefined)
      return { end, missing: missingOf(path, end, [name, ...names.reverse()]), passed };
    if (name === "..") pass(end, found);
    if (!found.isSymbolicLink()) {
      end = next;
      continue;
    }
    pass(next, found);
    if (passed.length > MOST_PASSED) throw new Error(`'${path}' leads through too many links`);
    const target = readlinkSync(next);
    if (target.startsWith("/")) end = "/";
    names.push(...target.split("/").reverse());
  }
  return { end: requireNotOthers(end), missing: [], passed };
}

function missingOf(path: string, end: string, names: readonly string[]): string[] {
  if (names.includes("..")) throw new Error(`'${path}' leads back over what is not there`);
  requireNotOthers(join(end, ...names));
  return names.filter((name) => name !== "" && name !== ".");
}

function requireNotOthers(path: string): string {
  if (isOthersPlace(path)) throw new Error("it is the kernel's, or containers write there");
  return path;
}

/** Below a file nothing is there either. */
function statIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw failure;
  }
}
