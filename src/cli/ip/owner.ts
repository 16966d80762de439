import { UsageError } from "../../command-line/failure.ts";
import type { Owner, Retention } from "../../ipam/records.ts";
import { tryParseRetention } from "../../ipam/retention.ts";

/** The most common kinds of owner, as people write them. */
const KINDS: Readonly<Record<string, string>> = {
  po: "Pod",
  pod: "Pod",
  sts: "StatefulSet",
  statefulset: "StatefulSet",
  deploy: "Deployment",
  deployment: "Deployment",
  ds: "DaemonSet",
  daemonset: "DaemonSet",
  rs: "ReplicaSet",
  replicaset: "ReplicaSet",
  job: "Job",
  cronjob: "CronJob",
  vm: "VirtualMachine",
  virtualmachine: "VirtualMachine",
  vmi: "VirtualMachineInstance",
  virtualmachineinstance: "VirtualMachineInstance",
};

/** A name as Kubernetes has it (RFC 1123 subdomain). */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const LONGEST_NOTE = 200;

/**
 * Parses `--for`: "namespace/name" (a pod), "Kind/namespace/name" (a workload), or a remark.
 *
 * @throws UsageError
 */
export function readOwner(text: string): Owner {
  const trimmed = text.trim();
  const parts = trimmed.split("/");
  const names = parts.slice(-2);
  if (/[\s]/.test(trimmed) || parts.length === 1) return readNote(trimmed);
  const [namespace = "", name = ""] = names;
  if (parts.length <= 3 && names.every((part) => NAME.test(part))) {
    const kind = parts.length === 2 ? "Pod" : readKind(parts[0] ?? "");
    if (kind !== undefined) return { kind, namespace, name };
  }
  throw new UsageError(
    `'${text}' is no owner`,
    "give a pod as namespace/name, a workload as Kind/namespace/name (StatefulSet/default/db), or a remark of words without '/'",
  );
}

function readNote(text: string): Owner {
  if (text !== "" && text.length <= LONGEST_NOTE) return { kind: "Note", namespace: "", name: text };
  throw new UsageError(
    text === "" ? "--for is empty" : `the remark is longer than ${LONGEST_NOTE} characters`,
    "say in a few words who the address is for",
  );
}

function readKind(text: string): string | undefined {
  return KINDS[text.toLowerCase()] ?? (/^[A-Z][A-Za-z0-9]*$/.test(text) ? text : undefined);
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
