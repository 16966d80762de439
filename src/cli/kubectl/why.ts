import type { Command } from "commander";
import { isDnsLabel, isDnsSubdomain } from "../../address/dns-name.ts";
import { withExamples, withOutput } from "../../command-line/common-options.ts";
import { UsageError } from "../../command-line/failure.ts";
import { type Format, printSections, printThing } from "../../command-line/output.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { API_VERSION, type Why } from "../../operator/wire.ts";
import { withKubectlOptions } from "./access.ts";
import { answered } from "./answered.ts";
import { type KubectlOptions, placeOf } from "./place.ts";

/** Adds `kubectl ipam why`, which asks the controller: it sees both store and Kubernetes. */
export function addRemoteWhy(program: Command, done: Done): void {
  const command = program
    .command("why")
    .description("explain why a pod has its addresses, or none yet, and what to do")
    .argument("<pod>", "NAME or NAMESPACE/NAME");
  withExamples(command, [["default/db-0", "one pod"]]);
  withOutput(withKubectlOptions(command)).action(
    async (pod: string, options: KubectlOptions & { readonly output: Format }) =>
      done(await why(pod, options)),
  );
}

async function why(text: string, options: KubectlOptions & { readonly output: Format }): Promise<number> {
  const parts = text.split("/");
  const [name = "", named] = parts.reverse();
  if (parts.length > 2 || !isDnsSubdomain(name) || (named !== undefined && !isDnsLabel(named)))
    throw new UsageError(
      `'${text}' names no pod`,
      "give it as NAME or NAMESPACE/NAME, for example default/db-0",
    );
  const { api, deadline, namespace } = await placeOf({ ...options, allNamespaces: false }, named);
  const { below, rootOf } = await import("../../kubernetes/api/path.ts");
  const path = below(rootOf(API_VERSION), "namespaces", namespace ?? "", "pods", name, "why");
  const { answer, sections } = answered<Why>(await api.request(path, deadline), api);
  const forPrograms = options.output === "json" || options.output === "yaml";
  return forPrograms ? printThing(answer, [], options.output) : printSections(sections);
}
