/** Names of Kubernetes, and addresses. */
const SEGMENT = /^[A-Za-z0-9:][A-Za-z0-9.:_-]*$/;

/**
 * Whether a path can be read in one way only. The API server authorises its segments as they came; a
 * library here that normalises them ("..", "%2e", "//") would answer for another namespace.
 *
 * @param url path and query, as in the request's first line.
 */
export function isPlain(url: string): boolean {
  const [path = ""] = url.split("?");
  const [before, ...segments] = path.split("/");
  return before === "" && segments.length > 0 && segments.every((segment) => SEGMENT.test(segment));
}
