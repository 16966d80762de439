/** Names of Kubernetes, and addresses. */
const SEGMENT = /^[A-Za-z0-9:][A-Za-z0-9.:_-]*$/;

/**
 * Whether a path can be read in one way only. The API server judges it by its segments, as it came; a
 * library here that tidies it up ("..", "%2e", "//") would answer for another namespace than was judged.
 *
 * @param url path and query, as they stand in the request's first line.
 */
export function isPlain(url: string): boolean {
  const [path = ""] = url.split("?");
  const [before, ...segments] = path.split("/");
  return before === "" && segments.length > 0 && segments.every((segment) => SEGMENT.test(segment));
}
