import { inFull, othersWords } from "../ipam/errors.ts";
import type { Log } from "../ipam/ports.ts";
import type { Outcome } from "./handle.ts";
import type { Environment } from "./protocol/environment.ts";

/** Logs one line for each verb: its parameters, its outcome and how long it took. */
export function logVerb(log: Log, env: Environment, outcome: Outcome, milliseconds: number): void {
  const { failure } = outcome;
  const [namespace, pod] = [NAMESPACE, POD].map((parameter) => parameter.exec(env.CNI_ARGS ?? "")?.[1]);
  log(failure === undefined ? "info" : "error", env.CNI_COMMAND ?? "", {
    network: outcome.network,
    container: env.CNI_CONTAINERID,
    ifname: env.CNI_IFNAME,
    pod: namespace !== undefined && pod !== undefined ? `${namespace}/${pod}` : undefined,
    address: outcome.addresses?.join(","),
    outcome: failure === undefined ? "ok" : `error ${failure.code}`,
    kept: outcome.kept,
    ms: Math.round(milliseconds),
    reason: failure && inFull(failure),
    said: othersWords(failure),
  });
}

const NAMESPACE = /(?:^|;)K8S_POD_NAMESPACE=([^;]*)/;
const POD = /(?:^|;)K8S_POD_NAME=([^;]*)/;
