import type { Objects } from "../objects/objects.ts";

/** Objects that note the name of each call, in its order. */
export function counted(objects: Objects, calls: string[]): Objects {
  const noting = ([name, call]: [string, unknown]) => [
    name,
    (...of: unknown[]) => {
      calls.push(name);
      return (call as (...of: unknown[]) => unknown)(...of);
    },
  ];
  return Object.fromEntries(Object.entries(objects).map(noting)) as unknown as Objects;
}
