/**
 * A token to go on with a listing from a name, as the API server itself makes them (apiserver, storage/continue.go): at
 * the newest state. So a listing can begin anywhere in the order of the names, and costs what it returns. Labels would
 * have the API server look at all objects of the resource.
 */
export function continueFrom(name: string): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: NEWEST, start: name })).toString("base64url");
}

const NEWEST = -1;

/** The name after which a listing goes on, and which comes no more. */
export function after(name: string): string {
  return `${name}\u0000`;
}
