import { expect, test } from "bun:test";
import fc from "fast-check";
import { podFacts } from "../testing/hand-over.ts";
import { Names } from "./names.ts";
import { PodTable } from "./pod-table.ts";

const text = fc.constantFrom("", "a", "b", "c", "d");

test("K201: after any uses the numbers stand for the names in use, and no other name is kept", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ row: fc.nat(5), text }), { maxLength: 60 }), (steps) => {
      const names = new Names();
      const rows = new Map<number, { number: number; text: string }>();
      for (const { row, text } of steps) {
        rows.set(row, { number: names.replace(rows.get(row)?.number ?? 0, text), text });
        for (const { number, text } of rows.values()) expect(names.textOf(number)).toBe(text);
        expect(names.size).toBe(new Set([...rows.values()].flatMap(({ text }) => text || [])).size);
      }
    }),
  );
});

test("K201: after any history a table of pods has their names, namespaces and nodes", () => {
  const step = fc.record({ key: fc.nat(4), gone: fc.boolean(), node: text, namespace: text });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const table = new PodTable();
      const held = new Map<number, { namespace: string; name: string; node: string }>();
      for (const { key, gone, node, namespace } of steps) {
        const known = held.get(key);
        if (gone) {
          table.delete(key);
          held.delete(key);
        } else {
          // A key stands for a namespace and a name: both stay.
          const id = known ?? { namespace, name: `p${key}` };
          const row = { finished: false, deleting: false, shown: [], named: [], uid: 1, state: 1, node };
          table.set(key, row, podFacts(id));
          held.set(key, { namespace: id.namespace, name: id.name, node });
        }
        for (const [each, { name, namespace, node }] of held) {
          expect(table.idOf(each)).toEqual({ namespace, name });
          expect(table.get(each)?.node).toBe(node);
        }
        expect(table.namesInUse).toBe(
          new Set([...held.values()].flatMap(({ namespace }) => namespace || [])).size +
            new Set([...held.values()].flatMap(({ node }) => node || [])).size,
        );
      }
    }),
  );
});
