import { readFileSync } from "node:fs";
import { UsageError } from "../../command-line/failure.ts";
import { parseJsonObject } from "../../config/text/json-text.ts";
import { IpamError } from "../../ipam/errors.ts";
import { completeDocument } from "../../portable/complete-document.ts";
import { parseDocument } from "../../portable/parse-document.ts";
import { configuredNetwork } from "../session/configured-network.ts";
import type { CommandContext } from "../session/open.ts";
import { requireFittingOptions } from "./fitting-options.ts";
import { knowingCluster, networkOf } from "./foreign-network.ts";
import { readHostLocal } from "./host-local-source.ts";
import { readLegacy } from "./legacy-source.ts";
import type { Source, SourceOptions } from "./source.ts";

/**
 * Reads the records to import from the source that the options name.
 *
 * @throws UsageError, AbsentError, IpamError, StoreFailure.
 */
export async function readSource(
  file: string | undefined,
  given: SourceOptions,
  session: CommandContext,
): Promise<Source> {
  requireFittingOptions(given);
  if (given.from === "export") return readDocument(file);
  if (given.from === "whereabouts") return readWhereabouts(file, given, session);
  if (file !== undefined)
    throw new UsageError(`--from ${given.from} reads no file '${file}'`, "leave the file out");
  const context = await knowingCluster(session, given);
  return given.from === "host-local" ? readHostLocal(given, context) : readLegacy(given, context);
}

async function readDocument(file: string | undefined): Promise<Source> {
  if (file === undefined) throw new UsageError("no file to import is named", "name one, or - for stdin");
  const source = file === "-" ? "stdin" : file;
  return completeDocument(parseDocument(parseJsonObject(readText(file), source), source));
}

async function readWhereabouts(
  file: string | undefined,
  given: SourceOptions,
  session: CommandContext,
): Promise<Source> {
  const configured = await configuredNetwork(given.config);
  const name = given.network ?? configured?.name;
  if (name === undefined)
    throw new UsageError(
      "--from whereabouts needs --network",
      "name the network as kube-ipam's configuration does, or that configuration with --config",
    );
  const document = file === undefined ? undefined : () => parseJsonObject(readText(file), file);
  const { readFromWhereabouts } = await import("./whereabouts-source.ts");
  return readFromWhereabouts(document, networkOf(name, given, session, configured), given, session);
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (failure) {
    throw new IpamError(
      "io",
      `${file} cannot be read: ${(failure as Error).message}`,
      "name a file that 'kube-ipam store export' made",
    );
  }
}
