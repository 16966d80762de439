import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { UsageError } from "../../command-line/failure.ts";
import { NOTE_KIND } from "../../ipam/own-kinds.ts";
import type { Owner, Retention } from "../../ipam/records.ts";
import { tryParseRetention } from "../../ipam/retention.ts";
import { noteFault, ownerFault } from "../../operator/owner-fault.ts";

/** The most common kinds of owner, as people write them. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["po", "Pod"],
  ["pod", "Pod"],
  ["sts", "StatefulSet"],
  ["statefulset", "StatefulSet"],
  ["deploy", "Deployment"],
  ["deployment", "Deployment"],
  ["ds", "DaemonSet"],
  ["daemonset", "DaemonSet"],
  ["rs", "ReplicaSet"],
  ["replicaset", "ReplicaSet"],
  ["job", "Job"],
  ["cronjob", "CronJob"],
  ["vm", "VirtualMachine"],
  ["virtualmachine", "VirtualMachine"],
  ["vmi", "VirtualMachineInstance"],
  ["virtualmachineinstance", "VirtualMachineInstance"],
]);

/**
 * Parses `--for`: "namespace/name" (a pod), "Kind/namespace/name" (a workload), or a remark.
 *
 * @throws UsageError
 */
export function readOwner(text: string): Owner {
  const trimmed = text.trim();
  const parts = trimmed.split("/");
  if (/[\s]/.test(trimmed) || parts.length === 1) return readNote(trimmed);
  const [kind = "", namespace = "", name = ""] = parts.length === 2 ? ["Pod", ...parts] : parts;
  const owner = { kind: KINDS.get(kind.toLowerCase()) ?? kind, namespace, name };
  const fault =
    parts.length > 3 ? undefined : owner.kind === NOTE_KIND ? "a remark has no kind" : ownerFault(owner);
  if (parts.length <= 3 && fault === undefined) return owner;
  const how =
    "give a pod as namespace/name, a workload as Kind/namespace/name (StatefulSet/default/db), or a remark of words without '/'";
  throw new UsageError(
    `'${cut(text, CAPS.shownValue)}' is no owner`,
    fault === undefined ? how : `${fault}; ${how}`,
  );
}

function readNote(text: string): Owner {
  const owner = { kind: NOTE_KIND, namespace: "", name: text };
  const fault = text === "" ? "--for is empty" : ownerFault(owner);
  if (fault === undefined) return owner;
  throw new UsageError(fault, "say in a few words who the address is for");
}

/** Parses `--note`. @throws UsageError */
export function readNoteOf(text: string): string {
  const fault = noteFault(text);
  if (fault === undefined) return text;
  throw new UsageError(`--note cannot be kept: ${fault}`, "say it in a few words");
}

/** Parses `--retain`: "keep", "workload", "delete", or a time such as "30m" or "1d12h". Times in seconds. @throws UsageError */
export function readRetention(text: string): Retention {
  const retention = tryParseRetention(text);
  if (retention !== undefined) return retention;
  throw new UsageError(
    `'${text}' is no retention`,
    'give "keep" (for ever), "workload" (as long as the owner exists), "delete" (as long as its pod), or a time after the owner such as 30m or 7d',
  );
}
