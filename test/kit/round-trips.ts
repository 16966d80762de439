import type { ApiProxy, Fate, Passing } from "./api-proxy.ts";

/** How long nothing more comes before what came goes out, in milliseconds: longer than any caller thinks. */
const QUIET_MS = 500;

/**
 * What is asked of an API server while something runs, in round trips: what comes together is held, and goes on at once
 * when nothing more comes. So a request is in the next round trip only where its caller waited for an answer. Watches,
 * which are answered for as long as they last, are no part of it.
 */
export async function roundTripsOf(proxy: ApiProxy, run: () => Promise<unknown>): Promise<Passing[][]> {
  const trips: Passing[][] = [];
  let held: { readonly request: Passing; readonly go: () => void }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const release = () => {
    const going = held;
    held = [];
    trips.push(going.map(({ request }) => request));
    for (const { go } of going) go();
  };
  proxy.fate = (request): Fate => {
    if (isWatch(request)) return "pass";
    clearTimeout(timer);
    timer = setTimeout(release, QUIET_MS);
    return new Promise((resolve) => {
      held.push({ request, go: () => resolve("pass") });
    });
  };
  try {
    await run();
    return trips;
  } finally {
    proxy.fate = () => "pass";
    clearTimeout(timer);
    for (const { go } of held) go();
  }
}

/** What it asks for, as a person reads it: `GET storerecords/meta`, `LIST addressrecords`. */
export function askedFor({ method, path }: Passing): string {
  const [place = "", query = ""] = path.split("?");
  const parts = place.split("/").filter((part) => part !== "");
  const [resource = "", name] = parts.slice(place.startsWith("/apis/") ? 3 : 2);
  const isList = method === "GET" && (name === undefined || query.includes("labelSelector"));
  return `${isList ? "LIST" : method} ${[resource, name].filter(Boolean).join("/")}`;
}

function isWatch({ path }: Passing): boolean {
  return /[?&]watch=(1|true)/.test(path);
}
