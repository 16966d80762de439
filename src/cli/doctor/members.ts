import { mebibytes } from "../../command-line/mebibytes.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import type { ConfiguredStore, MemberStatus, Members } from "../../store/configured-store.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** The share of the quota from which to warn: a full store refuses writes. */
const NEARLY_FULL = 0.8;

/** Checks each member of a store by itself: it answers in time, has no alarm, and has space left. */
export async function checkMembers(
  { description: { kind }, members }: Pick<ConfiguredStore, "description" | "members">,
  options: CallOptions,
): Promise<Finding[]> {
  if (members === undefined) return [];
  const asked = await members.ask(options);
  const reached = asked.some((member) => !("failure" in member));
  return asked.map((member) => judge(member, kind, reached, members));
}

function judge(
  member: MemberStatus,
  kind: string,
  anotherAnswers: boolean,
  { alarmRemedy, roomRemedy }: Members,
): Finding {
  const check = `${kind} member ${member.endpoint}`;
  if ("failure" in member) {
    const { message, remedy } = member.failure;
    // The client goes on with the members that answer.
    return (anotherAnswers ? warning : failed)(check, message, remedy || `see ${kind}'s log`);
  }
  const { errors, quota, size, version } = member;
  if (errors.length > 0) return failed(check, `ALARM: ${errors.join("; ")}`, alarmRemedy);
  if (quota !== undefined && size > quota * NEARLY_FULL)
    return warning(check, `${Math.round((100 * size) / quota)} % of its quota is used`, roomRemedy);
  const room = quota === undefined ? "" : ` of ${mebibytes(quota)}`;
  return ok(check, `${kind} ${version}, ${mebibytes(size)}${room}`);
}
