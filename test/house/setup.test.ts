import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Folder, temporaryFolder } from "../kit/folder.ts";
import { run } from "../kit/run.ts";

/** Who only wants to see the demo gets what the demo uses, and is told before. */

const ROOT = join(import.meta.dir, "../..");
const SETUP = join(ROOT, "scripts/setup.sh");

describe("what 'make demo' installs", () => {
  test("the demo asks for its own set-up and no other", async () => {
    const recipe = /^demo:(.*)\n((?:\t.*\n)+)/m.exec(await textOf("Makefile"));
    expect(recipe?.[1]).toBe("");
    expect(recipe?.[2]?.match(/setup\.sh \S+/g)).toEqual(["setup.sh demo"]);
  });

  test("nothing that only tests use", async () => {
    const packages = (await listOf("demo")).map(({ name }) => name);
    for (const needless of ["prometheus", "fish", "zsh", "qemu-user", "containerd", "runc", "strace"]) {
      expect(packages).not.toContain(needless);
    }
  });

  test("each package has a command that the demo, or the build before it, runs", async () => {
    const scripts = await Promise.all(["setup", "build", "demo"].map((name) => textOf(`scripts/${name}.sh`)));
    const used = scripts.join("\n").replace('"$PLUGINS/bridge"', "/usr/lib/cni/bridge");
    const wanted = await listOf("demo");
    expect(wanted.length).toBeGreaterThan(2);
    for (const { name, file } of wanted) expect([name, runs(used, file)]).toEqual([name, true]);
    // The check can fail: the same scripts run no shell of the tests.
    expect(runs(used, "fish")).toBe(false);
  });

  test("compiling takes no more than the demo does", async () => {
    const demo = await listOf("demo");
    expect(demo).toEqual(expect.arrayContaining(await listOf("build")));
  });
});

describe("before anything is installed", () => {
  test("who is not root reads one line of what is missing, and the one to type", async () => {
    using folder = temporaryFolder("setup");
    const { stderr, exitCode } = await setUp(folder, "demo", {});
    const [missing, advice, ...rest] = stderr.trimEnd().split("\n");
    expect(rest).toEqual([]);
    expect(missing).toMatch(
      /^Missing for 'demo', .*: Debian packages nodejs npm .*iproute2 .*; npm .* MB\)$/,
    );
    expect(advice).toMatch(/: sudo apt-get install --no-install-recommends nodejs npm .*iputils-ping/);
    expect(exitCode).toBe(1);
  });

  test("npm's packages are announced before npm begins, and are only those of the build", async () => {
    using folder = temporaryFolder("setup");
    const { stderr, exitCode } = await setUp(folder, "demo", {
      ...TOOLS,
      node: "exit 1",
      npm: 'echo "npm $*"',
    });
    const [missing, command] = stderr.split("\n");
    expect(missing).toMatch(/: npm packages to build with \(\d+ MB\)$/);
    expect(command).toMatch(/^npm install .*--omit=dev/);
    expect(exitCode).toBe(0);
  });

  test("the packages of lint and tests stay where they are", async () => {
    using folder = temporaryFolder("setup");
    mkdirSync(folder.file("node_modules/.bin"), { recursive: true });
    writeFileSync(folder.file("node_modules/.bin/biome"), "");
    const { stderr } = await setUp(folder, "demo", { ...TOOLS, node: "exit 1", npm: 'echo "npm $*"' });
    expect(stderr).toContain("\nnpm install ");
    expect(stderr).not.toContain("--omit");
  });

  test("nothing is said where nothing is missing", async () => {
    using folder = temporaryFolder("setup");
    const finished = await setUp(folder, "demo", { ...TOOLS, node: "", npm: "exit 1" });
    expect(finished).toMatchObject({ stdout: "", stderr: "", exitCode: 0 });
  });
});

const TOOLS = { ip: "", ping: "", nsenter: "" };

/** Runs it in a checkout of its own, for a user who has these commands and no others. */
function setUp(folder: Folder, purpose: string, commands: Readonly<Record<string, string>>) {
  const PATH = folder.file("bin");
  mkdirSync(PATH);
  symlinkSync("/usr/bin/dirname", join(PATH, "dirname"));
  for (const [name, body] of Object.entries({ id: "echo 1000", ...commands })) {
    writeFileSync(join(PATH, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }
  cpSync(SETUP, folder.file("scripts/setup.sh"));
  return run(["/bin/bash", folder.file("scripts/setup.sh"), purpose], { env: { PATH } });
}

interface Wanted {
  readonly name: string;
  /** A path, or the name of a command. */
  readonly file: string;
}

async function listOf(purpose: string): Promise<Wanted[]> {
  const { stdout, exitCode } = await run(["bash", SETUP, "--list", purpose]);
  expect(exitCode).toBe(0);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [name = "", file = ""] = line.split(":");
      return { name, file };
    });
}

/** Whether a line begins a command with it, or hands it to another command. */
function runs(scripts: string, command: string): boolean {
  const lines = scripts.split("\n").filter((line) => !/^\s*(#|[\w-]+:\S+$|\w+=\()/.test(line));
  return lines.some((line) => new RegExp(`(^|[\\s(;&|])${command}\\s`).test(line));
}

function textOf(path: string): Promise<string> {
  return Bun.file(join(ROOT, path)).text();
}
