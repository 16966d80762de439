// Exits 0 when node_modules holds exactly the versions of package-lock.json; with `build`, when it
// holds those that the executable is built of and with. Plain JavaScript, because it runs before
// anything is installed.
import { readFileSync } from "node:fs";

const buildOnly = process.argv[2] === "build";
const wanted = packages("package-lock.json");
const present = packages("node_modules/.package-lock.json");
const satisfied = Object.entries(wanted).every(
  ([path, entry]) =>
    path === "" || entry.optional || (buildOnly && entry.dev) || present[path]?.version === entry.version,
);
process.exit(satisfied ? 0 : 1);

function packages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return {};
  }
}
