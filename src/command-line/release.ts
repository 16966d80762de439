import { version } from "../../package.json" with { type: "json" };

/** Put in by scripts/build.sh: the day of the last change that was built. */
declare const RELEASE_DATE: string | undefined;

/** The version of this program. */
export const VERSION: string = version;

/** The release date, as year-month-day; "(not built)" where the sources run without a build. */
export const RELEASED: string = typeof RELEASE_DATE === "string" ? RELEASE_DATE : "(not built)";
