import fs from "node:fs";
import { lookAtNamespace } from "../namespaces.ts";

/** Judges a recorded namespace (JSON in the first argument) as it is seen from this very process. */
fs.writeSync(1, lookAtNamespace(JSON.parse(process.argv[2] ?? "")));
