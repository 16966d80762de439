// Exits 0 when node_modules holds exactly the versions of package-lock.json. Plain JavaScript,
// because it runs before anything is installed.
import { readFileSync } from "node:fs";

const wanted = packages("package-lock.json");
const present = packages("node_modules/.package-lock.json");
const satisfied = Object.entries(wanted).every(
  ([path, entry]) => path === "" || entry.optional || present[path]?.version === entry.version,
);
process.exit(satisfied ? 0 : 1);

function packages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return {};
  }
}
