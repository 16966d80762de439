import type { EtcdSettings } from "../../config/network-configuration.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { CallOptions, Store } from "../../ipam/store-port.ts";
import { type EndpointStatus, etcdStatus } from "../../store/etcd/status.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** etcd refuses writes when it is full: said well before. */
const NEARLY_FULL = 0.8;

/** Each member by itself: reached, in time, without alarm, with room. */
export async function checkMembers(settings: EtcdSettings, options: CallOptions): Promise<Finding[]> {
  const members = await etcdStatus(settings, options);
  const reached = members.some((member) => !("failure" in member));
  return members.map((member) => judge(member, reached));
}

function judge(member: EndpointStatus, anotherAnswers: boolean): Finding {
  const check = `etcd member ${member.endpoint}`;
  if ("failure" in member) {
    const { message, remedy } = member.failure;
    // The client goes on with the members that answer.
    return (anotherAnswers ? warning : failed)(check, message, remedy || "see etcd's log");
  }
  const { errors, quota, size, version } = member;
  if (errors.length > 0) {
    return failed(
      check,
      `ALARM: ${errors.join("; ")}`,
      "for NOSPACE: 'etcdctl compact', 'etcdctl defrag', then 'etcdctl alarm disarm', or a larger --quota-backend-bytes",
    );
  }
  if (quota !== undefined && size > quota * NEARLY_FULL) {
    return warning(
      check,
      `${Math.round((100 * size) / quota)} % of its quota is used`,
      "'etcdctl compact' and 'etcdctl defrag', or a larger --quota-backend-bytes: a full etcd refuses every ADD",
    );
  }
  return ok(
    check,
    `etcd ${version}, ${mebibytes(size)}${quota === undefined ? "" : ` of ${mebibytes(quota)}`}`,
  );
}

/**
 * etcd judges a transaction's rights before it compares anything: one that never holds shows whether
 * writing is allowed, and writes nothing.
 *
 * @throws StoreFailure refused.
 */
export async function checkWriting(store: Store, space: string, options: CallOptions): Promise<void> {
  const ref = refTo.reservedRanges(space);
  const never = { ref: refTo.meta, revision: Number.MAX_SAFE_INTEGER } as const;
  await store.commit(
    { guards: [never], puts: [{ ref, record: { version: 1, ranges: [] } }], deletes: [] },
    options,
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
