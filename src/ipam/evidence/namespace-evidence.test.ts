import { expect, test } from "bun:test";
import fc from "fast-check";
import type { NamespaceState, Trace } from "../node-port.ts";
import { type Here, namespaceStateHere, relationTo } from "./namespace-evidence.ts";

const states = fc.constantFrom<NamespaceState>("present", "gone", "unknown");
const world = fc.record({
  trace: fc.record(
    {
      bootId: fc.constantFrom("", "this", "mine-before", "foreign"),
      machine: fc.constantFrom("mine", "theirs"),
      node: fc.constantFrom("n1", "n-before", "n0"),
      namespace: fc.record({ path: fc.constant("/p"), inode: fc.constant("1") }, { requiredKeys: ["path"] }),
    },
    { requiredKeys: ["bootId", "namespace"] },
  ),
  own: fc.constantFrom("mine", undefined),
  seen: states,
  held: fc.constantFrom(true, false, undefined),
});

const hereOf = ({
  own,
  seen,
  held,
}: {
  own: string | undefined;
  seen: NamespaceState;
  held: boolean | undefined;
}): Here => ({
  name: "n1",
  formerNames: () => ["n-before"],
  bootId: "this",
  machine: () => own,
  hadBoot: (boot) => own !== undefined && boot === "mine-before",
  look: () => seen,
  isHeld: () => held,
});

/** Whether the record says that this machine made it. */
const claims = ({ machine, node }: Trace, own: string | undefined) =>
  machine === undefined ? node !== "n0" : machine === own;

test("K40 another boot is evidence about this machine alone, and nothing is gone for certain without a boot", () => {
  fc.assert(
    fc.property(world, ({ trace, ...given }) => {
      if (trace.bootId === "this") return;
      const former = given.own === "mine" && trace.bootId === "mine-before";
      const state = namespaceStateHere(trace, hereOf(given));
      expect(state).toBe(former && claims(trace, given.own) ? "gone" : "unknown");
    }),
  );
});

test("K41 in this boot the path decides; a search of all processes only where the path shows nothing", () => {
  fc.assert(
    fc.property(world, ({ trace, ...given }) => {
      if (trace.bootId !== "this") return;
      const { namespace, node } = trace;
      const own = claims(trace, given.own);
      const state = namespaceStateHere(trace, hereOf(given));
      if (given.seen !== "unknown") expect(state).toBe(own || node !== "n0" ? given.seen : "unknown");
      else expect(state).toBe(own && namespace.inode && given.held === false ? "gone" : "unknown");
    }),
  );
});

test("K40 a record is another machine's where it names one, or another node, and no folder is shared", () => {
  fc.assert(
    fc.property(world, ({ trace, ...given }) => {
      const folder = trace.bootId === "this" && given.seen !== "unknown" && trace.node !== "n0";
      const former = given.own === "mine" && trace.bootId === "mine-before";
      const relation = relationTo(trace, hereOf(given));
      if (!claims(trace, given.own)) expect(relation).toBe(folder ? "this" : "other");
      else expect(relation).toBe(trace.bootId === "this" || former ? "this" : "unknown");
    }),
  );
});
