import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

/** The README promises one command that installs. The demo runs it, so it must be the very same one. */
const ofDemo = /^ {2}run (helm install .*)$/m.exec(readFileSync("scripts/demo-cluster.sh", "utf8"))?.[1];

test.each(["README.md", "docs/install.md"])("%s installs with the command that demo-cluster runs", (page) => {
  expect(ofDemo).toBeString();
  const commands = readFileSync(page, "utf8").match(/^helm install .*$/gm) ?? [];
  expect(commands[0]?.replace(/ *#.*$/, "")).toBe(ofDemo);
});
