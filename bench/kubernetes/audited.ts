import { readFileSync } from "node:fs";
import type { Kubernetes } from "../../test/kit/kubernetes.ts";
import type { AuditLine } from "../../test/kit/rights.ts";
import { eventually } from "../../test/kit/wait.ts";

/** The API server's file of who asked it for what. */
export const AUDIT_LOG = "audit.log";

/** One request that kube-ipam has made, as the API server's audit log tells it. */
export interface Asked extends AuditLine {
  readonly userAgent: string;
  readonly requestReceivedTimestamp: string;
  /** When it was answered. */
  readonly stageTimestamp: string;
}

/** What was asked for while `run` ran, and what of it before its end; requests of the test's own tools do not count. */
export async function askedDuring(
  kubernetes: Kubernetes,
  run: () => Promise<unknown>,
): Promise<{ readonly all: Asked[]; readonly before: Asked[] }> {
  const from = asked(kubernetes).length;
  await run();
  const end = new Date().toISOString();
  const all = await settled(kubernetes, from);
  return { all, before: all.filter(({ requestReceivedTimestamp }) => requestReceivedTimestamp < end) };
}

/** How many of these requests began after another one had ended, in the longest row of such: round trips, one after the other. */
export function roundTrips(requests: readonly Asked[]): number {
  const byEnd = [...requests].sort((a, b) => (a.stageTimestamp < b.stageTimestamp ? -1 : 1));
  let trips = 0;
  let end = "";
  for (const { requestReceivedTimestamp, stageTimestamp } of byEnd) {
    if (requestReceivedTimestamp < end) continue;
    trips += 1;
    end = stageTimestamp;
  }
  return trips;
}

/** What follows an answer, such as the refresh of what was foreseen, is over when nothing more came for a while. */
async function settled(kubernetes: Kubernetes, from: number): Promise<Asked[]> {
  let count = -1;
  return eventually(async () => {
    const lines = asked(kubernetes).slice(from);
    if (lines.length === count) return lines;
    count = lines.length;
    await Bun.sleep(QUIET_MS);
    return undefined;
  }, 30_000);
}

const QUIET_MS = 400;

function asked(kubernetes: Kubernetes): Asked[] {
  const text = readFileSync(kubernetes.folder.file(AUDIT_LOG), "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const lines = whole.split("\n").filter((line) => OURS.test(line));
  const all = lines.map((line) => JSON.parse(line) as Asked);
  return all.filter(({ userAgent, verb }) => !userAgent.startsWith("kubectl") && verb !== "watch");
}

/** Most lines are of others, and not worth to be read. */
const OURS = /"username":"admin"/;
