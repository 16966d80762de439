import { CAPS } from "../address/caps.ts";
import { cut } from "../address/cut.ts";
import { parseOnce } from "../config/parse/parse-once.ts";
import { hasMoreValues } from "../config/text/json-size.ts";
import { IpamError } from "../ipam/errors.ts";
import { withOwnFolders } from "./own-folders.ts";
import type { Call, Host, Request } from "./protocol/call.ts";
import { readParameters } from "./protocol/environment.ts";
import { formatError, toIpamError } from "./protocol/error-result.ts";
import { type Peeked, peek } from "./protocol/peek.ts";
import { NEWEST_VERSION, requireVersion, type Verb } from "./protocol/versions.ts";
import { add } from "./verbs/add.ts";
import { check } from "./verbs/check.ts";
import { del } from "./verbs/del.ts";
import { gc } from "./verbs/gc.ts";
import { status } from "./verbs/status.ts";
import { versionAnswer } from "./verbs/version.ts";

/**
 * Milliseconds each verb may take (docs/design.md section 4, BOUNDED). STATUS must have ended within 2 s
 * whatever fails: containerd asks for it under a lock.
 */
const LIMITS: Readonly<Record<Verb, number>> = {
  ADD: 40_000,
  DEL: 10_000,
  CHECK: 10_000,
  GC: 30_000,
  STATUS: 1_700,
  VERSION: 2_000,
};

const VERBS = { ADD: add, DEL: del, CHECK: check, GC: gc, STATUS: status } as const;

/** What the log records of a verb that has ended. */
export interface Outcome {
  readonly exitCode: 0 | 1;
  readonly request?: Request;
  /** The network's name as received, also when the request could not be understood. */
  readonly network?: string;
  readonly addresses?: readonly string[];
  /** A DEL that is on disk until the store can be reached; nothing is freed yet. */
  readonly kept?: true;
  readonly failure?: IpamError;
}

/**
 * Performs one request of the CNI protocol and delivers its answer: a result, an error, or nothing.
 * Never throws.
 */
export async function handle(call: Call, host: Host): Promise<Outcome> {
  let request: Request | undefined;
  let version: string = NEWEST_VERSION;
  let named: Pick<Outcome, "network"> = {};
  try {
    if (call.env.CNI_COMMAND === "VERSION") {
      await host.deliver(await versionAnswer(call), 0);
      return { exitCode: 0 };
    }
    const stdin = await configurationOf(call);
    const seen = peek(stdin);
    if (typeof seen.cniVersion === "string" && seen.cniVersion !== "") version = seen.cniVersion;
    if (typeof seen.name === "string") named = { network: cut(seen.name, CAPS.name) };
    if (verbOf(call) === "DEL" && isNeverGiven(seen.name)) {
      readParameters("DEL", call.env);
      return { exitCode: 0, ...named };
    }
    request = await understand(call, host, stdin, seen);
    const done = await VERBS[request.verb as keyof typeof VERBS](request, host);
    return {
      exitCode: 0,
      request,
      ...named,
      ...(done === "kept" ? { kept: true } : done && { addresses: done }),
    };
  } catch (failure) {
    return {
      exitCode: 1,
      ...(request && { request }),
      ...named,
      failure: await tell(failure, version, request?.verb ?? verbOf(call), host),
    };
  }
}

/** @throws IpamError io, or decode where it does not come in time; invalidConfig where an ADD brings too much. */
async function configurationOf(call: Call): Promise<string> {
  const verb = verbOf(call);
  const { text, whole } = await call.stdin(deadlineOf(call, verb ?? "VERSION"));
  // What was added is ended whatever comes with it, and a GC lists all attachments of the node.
  if (verb === "ADD" || verb === "STATUS") requireModest(text);
  if (whole) return text;
  throw new IpamError(
    "decode",
    `stdin did not end in time, after ${text.length} characters`,
    "expected the network configuration, one whole JSON object, and then the end of stdin",
  );
}

/** No ADD takes such a name, so that its DEL has nothing to free; a sandbox must not wait for ever for that. */
function isNeverGiven(name: unknown): boolean {
  return typeof name === "string" && name.length > CAPS.name;
}

function requireModest(text: string): void {
  if (text.length > CAPS.input) throw tooMuch(`${text.length} characters, more than ${CAPS.input}`);
  if (hasMoreValues(text, CAPS.inputValues))
    throw tooMuch(`more than ${CAPS.inputValues} members and entries`);
}

function tooMuch(what: string): IpamError {
  return new IpamError(
    "invalidConfig",
    `the network configuration has ${what}`,
    "remove from it what no plugin needs",
  );
}

async function understand(
  call: Call,
  host: Host,
  stdin: string,
  { cniVersion, document }: Peeked,
): Promise<Request> {
  const verb = verbOf(call);
  if (verb === undefined) {
    throw new IpamError(
      "invalidEnvironment",
      `unknown CNI_COMMAND: ${call.env.CNI_COMMAND ?? ""}`,
      "expected ADD, DEL, CHECK, GC, STATUS or VERSION",
    );
  }
  const parameters = readParameters(verb, call.env);
  const version = requireVersion(cniVersion, verb);
  const deadline = deadlineOf(call, verb);
  const file = host.nodeFile();
  const clusterPools = file && (await host.clusterPools?.({ verb, document, file, deadline }));
  const nodeFile = file && { ...file, ...(clusterPools && { clusterPools }) };
  const parsed = parseOnce({ stdin, document, purpose: PURPOSES[verb], ...(nodeFile && { nodeFile }) });
  const configuration = withOwnFolders(parsed, verb);
  return { verb, version, parameters, configuration, deadline };
}

const PURPOSES = {
  ADD: "add",
  DEL: "del",
  CHECK: "check",
  GC: "gc",
  STATUS: "status",
  VERSION: "status",
} as const;

/** The verb's own limit, or what a caller that was started earlier has left of it. */
function deadlineOf({ env, started }: Call, verb: Verb): number {
  const left = Number(env.KUBE_IPAM_DEADLINE_MS);
  const limit = LIMITS[verb];
  return started + (Number.isFinite(left) && left > 0 ? Math.min(left, limit) : limit);
}

function verbOf({ env }: Call): Verb | undefined {
  const command = env.CNI_COMMAND ?? "";
  return Object.hasOwn(LIMITS, command) ? (command as Verb) : undefined;
}

async function tell(
  failure: unknown,
  version: string,
  verb: Verb | undefined,
  host: Host,
): Promise<IpamError> {
  try {
    await host.deliver(formatError(version, failure, verb), 1);
  } catch {
    // Nobody listens any more; the exit code and the log remain.
  }
  return toIpamError(failure, verb);
}
