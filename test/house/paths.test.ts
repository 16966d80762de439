import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";

/** Files and folders of the checkout that the pages, the Makefile and CI name must be there. */
const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "Makefile",
  ".ci/run",
  ...new Bun.Glob("docs/*.md").scanSync("."),
  ...new Bun.Glob("deploy/**/*.md").scanSync("."),
].sort();

const PATH = /(?<![\w/.-])(?:src|test|bench|scripts|native|deploy)\/[\w./-]*\w/g;

test.each(PAGES)("%s names only paths that are there", (page) => {
  const paths = readFileSync(page, "utf8").match(PATH) ?? [];
  expect([...new Set(paths)].filter((path) => !existsSync(path))).toEqual([]);
});
