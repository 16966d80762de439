import { expect, spyOn, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { temporaryFolder } from "../test/kit/folder.ts";
import { PAGES, pageOf, report, withSection } from "./report.ts";

const OLD = "# Figures\n\n<!-- one -->\nold\n<!-- /one -->\n\nbetween\n\n<!-- two -->\nkept\n<!-- /two -->\n";

test("a section is replaced, and nothing around it", () => {
  expect(withSection(OLD, "one", "new\n")).toBe(OLD.replace("old", "new"));
  expect(withSection(OLD, "one", "costs $1 and $&")).toBe(OLD.replace("old", () => "costs $1 and $&"));
});

test.each([
  ["no pair", OLD, "three"],
  ["no end", "<!-- one -->\n", "one"],
  ["no begin", "<!-- /one -->\n", "one"],
  ["two pairs", OLD + OLD, "one"],
])("a page with %s is refused", (_, page, name) => {
  expect(() => withSection(page, name, "new")).toThrow(`<!-- ${name} --> and <!-- /${name} -->`);
});

test("a short run is printed and not kept", () => {
  using folder = temporaryFolder("report");
  const page = folder.file("performance.md");
  const markers = "<!-- agent -->\nmeasured\n<!-- /agent -->\n";
  writeFileSync(page, markers);
  const print = spyOn(console, "log").mockImplementation(() => undefined);
  report({ bench: "agent", text: "short", short: true, page });
  expect(readFileSync(page, "utf8")).toBe(markers);
  report({ bench: "agent", text: "long", short: false, page });
  expect(readFileSync(page, "utf8")).toBe(markers.replace("measured", "long"));
  expect(print.mock.calls).toEqual([["short"], ["long"]]);
  print.mockRestore();
});

test.each(Object.values(PAGES).flat())("the page of bench %s has its markers", (bench) => {
  const page = readFileSync(pageOf(bench), "utf8");
  expect(withSection(page, bench, "x")).toContain(`<!-- ${bench} -->\nx\n`);
});
