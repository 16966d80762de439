import { UsageError } from "../../command-line/failure.ts";
import { type Format, printSections, printThing } from "../../command-line/output.ts";
import { printErr } from "../../command-line/print.ts";
import type { PodId } from "../../ipam/records.ts";
import type { Answer } from "../../operator/why/answer.ts";
import { dataOf } from "../../operator/why/data.ts";
import { sectionsOf } from "../../operator/why/sections.ts";
import { answerFor } from "../../operator/why/why.ts";
import type { KubernetesOptions } from "../session/cluster-settings.ts";
import { openAccess } from "../session/kubernetes.ts";
import type { Session } from "../session/open.ts";
import { configuredNetworks, type NetworkOptions } from "./configured-networks.ts";

export interface WhyOptions extends KubernetesOptions, NetworkOptions {
  readonly output: Format;
  /** The network of the pod's first interface, where it cannot be told. */
  readonly network?: string;
}

/**
 * `why NAMESPACE/POD`: what the pod asks for, has, or waits for, interface by interface, and what a
 * person can do.
 *
 * @throws UsageError, AbsentError when neither Kubernetes nor the store knows the pod.
 */
export async function why(name: string, given: WhyOptions, session: Session): Promise<number> {
  const access = await openAccess(given, session);
  const { ports, options } = session;
  const answer = await answerFor(readPod(name), {
    ports,
    options,
    configured: await configuredNetworks(given),
    ...(access && { access }),
    ...(given.network !== undefined && { network: given.network }),
  });
  return printAnswer(answer, given.output);
}

function printAnswer(answer: Answer, format: Format): Promise<0> | 0 {
  if (answer.kubernetes === undefined)
    printErr(
      "note: Kubernetes was not asked (no kubeconfig): what the pod asks for is not known; name one with --kubeconfig",
    );
  if (format === "json" || format === "yaml") return printThing(dataOf(answer), [], format);
  return printSections(sectionsOf(answer));
}

function readPod(name: string): PodId {
  const [namespace = "", pod = "", ...rest] = name.split("/");
  if (namespace !== "" && pod !== "" && rest.length === 0) return { namespace, name: pod };
  throw new UsageError(`'${name}' names no pod`, "give it as NAMESPACE/POD, for example default/db-0");
}
