import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT_CODES } from "../../src/command-line/failure.ts";
import { DEFAULTS } from "../../src/config/settings/setting-defaults.ts";
import {
  ETCD_ENTRIES,
  NETWORK_ENTRIES,
  POOL_ENTRIES,
  ROUTE_ENTRIES,
  SETTING_ENTRIES,
} from "../../src/config/text/entries.ts";
import { ERROR_CODES } from "../../src/ipam/errors.ts";
import { anchorsOf, linksOf, rowOf, sectionOf } from "./markdown.ts";

/** What people read leads where it says, and names all that the code knows. */

const ROOT = join(import.meta.dir, "../..");
const PAGES = ["*.md", "docs/*.md", "deploy/**/*.md"].flatMap((pattern) => filesOf(pattern)).sort();
const page = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("every link leads to a file, and to a heading in it", () => {
  test.each(PAGES)("%s", (path) => {
    const local = linksOf(page(path)).filter((target) => !/^[a-z]+:/.test(target));
    expect(local.filter((target) => leadsNowhere(path, target))).toEqual([]);
  });
});

describe("docs/configuration.md", () => {
  const text = page("docs/configuration.md");

  test.each([
    ["The `ipam` object", { ...NETWORK_ENTRIES, ...SETTING_ENTRIES }],
    ["`etcdConfig`", ETCD_ENTRIES],
    ["Pools", POOL_ENTRIES],
  ])("describes every key in %s", (heading, entries) => {
    const section = sectionOf(text, heading);
    expect(Object.keys(entries).filter((key) => rowOf(section, key) === "")).toEqual([]);
  });

  test("describes every key of a route", () => {
    const routes = rowOf(sectionOf(text, "Addresses"), "routes");
    expect(Object.keys(ROUTE_ENTRIES).filter((key) => !routes.includes(`\`${key}\``))).toEqual([]);
  });

  test("says the defaults that hold", () => {
    const wrong = Object.entries(DEFAULTS).filter(
      ([key, value]) => !rowOf(sectionOf(text, "Behaviour"), key).includes(String(value)),
    );
    expect(wrong).toEqual([]);
  });

  test("describes every variable of the environment that is read", () => {
    const sources = [...filesOf("src/**/*.ts"), "native/shim.c"].filter((path) => !path.endsWith(".test.ts"));
    const named = sources.flatMap((path) => [
      ...page(path).matchAll(/(?:process\.env\.|getenv\("|variable\(")([A-Z][A-Z_]+)/g),
    ]);
    const variables = new Set(named.map(([, name = ""]) => name));
    expect(variables).toContain("KUBE_IPAM_CONFIG");
    const described = sectionOf(text, "Environment variables");
    expect([...variables].filter((name) => rowOf(described, name) === "")).toEqual([]);
  });
});

describe("docs/errors.md", () => {
  const text = page("docs/errors.md");
  /** The specification's, which we never answer; the page says so. */
  const unused: readonly number[] = [ERROR_CODES.unsupportedField, ERROR_CODES.unknownContainer];

  test("has a section for every code, and each shows what a user meets", () => {
    const codes = Object.values(ERROR_CODES).filter((code) => !unused.includes(code));
    const headings = [...text.matchAll(/^## (\d+) (.+)$/gm)];
    expect(headings.map(([, code]) => Number(code))).toEqual(codes);
    for (const [, code, title] of headings) {
      if (Number(code) !== ERROR_CODES.internal)
        expect(sectionOf(text, `${code} ${title}`)).toContain("```\n");
    }
  });

  test("describes every exit code", () => {
    const rows = sectionOf(text, "Exit codes of the command line");
    const codes = [...rows.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT_CODES));
  });
});

function leadsNowhere(from: string, target: string): boolean {
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? from : join(dirname(from), file);
  if (!existsSync(join(ROOT, path))) return true;
  return anchor !== undefined && !anchorsOf(page(path)).has(anchor);
}

function filesOf(pattern: string): string[] {
  return [...new Bun.Glob(pattern).scanSync({ cwd: ROOT })];
}
