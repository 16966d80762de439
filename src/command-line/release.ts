import { version } from "../../package.json" with { type: "json" };

/** Put in by scripts/build.sh: the day of the last change that was built. */
declare const RELEASE_DATE: string | undefined;

export const VERSION: string = version;

/** Year-month-day; from sources run without a build, no day. */
export const RELEASED: string = typeof RELEASE_DATE === "string" ? RELEASE_DATE : "(not built)";
