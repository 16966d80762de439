import fs from "node:fs";
import { namespaceState } from "../namespaces.ts";

/** Judges a recorded namespace (JSON in the first argument) as it is seen from this very process. */
fs.writeSync(1, namespaceState(JSON.parse(process.argv[2] ?? ""), "b1", "b1"));
