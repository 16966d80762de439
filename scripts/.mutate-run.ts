#!/usr/bin/env bun
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Breaks one rule of src/ipam after the other, in a copy, and names those that no unit test of
 * src/ipam misses: `node_modules/.bin/bun scripts/mutate.ts [file…]`. Some survivors break nothing
 * (a rule that two places guard, a shortcut that only saves time); the others lack a test.
 */

/** A line and what stands in its place. */
interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly was: string;
  readonly becomes: string;
}

const FOLDER = "src/ipam";
const LIMIT_MS = 60_000;

/** A guard that is left out, a check that is not called, a row of the table that is missing. */
const LEFT_OUT =
  /^\s*(?:(?:await )?(?:writes\.guard|writes\.remove|guards\.push|(?:require|refuse|verify|undo|settle|remember|evict|disown|reserve|writeJournal)\w*)\(.*\);|\w+Row\(facts\) \?\?|\{ (?:ref|kind): .*revision.*\},)$/;
const CONDITION = /^(\s*(?:\} else )?if \()(.+)(\) (?:return|throw|continue|break|\{|\w).*)$/;
const OPERAND =
  /(?<= && | \|\| |return |\? |= |^\s+)([!\w.?[\]() ]+(?: (?:===|!==|<|>|<=|>=) [\w."'?[\]() ]+)?)( && | \|\| )/g;

const root = mkdtempSync(join(tmpdir(), "kube-ipam-mutants-"));
try {
  cpSync("src", join(root, "src"), { recursive: true });
  for (const name of ["package.json", "tsconfig.json"]) cpSync(name, join(root, name));
  symlinkSync(join(process.cwd(), "node_modules"), join(root, "node_modules"));
  const survivors = filesUnderTest().flatMap(mutantsOf).filter(survives);
  console.log(`${survivors.length} survived`);
} finally {
  rmSync(root, { recursive: true, force: true });
}

function filesUnderTest(): string[] {
  const asked = process.argv.slice(2);
  if (asked.length > 0) return asked;
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(FOLDER, name));
}

function mutantsOf(file: string): Mutant[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((was, index) => variantsOf(was).map((becomes) => ({ file, line: index + 1, was, becomes })));
}

function variantsOf(line: string): string[] {
  if (/^\s*(?:\*|\/|import |export (?:type|interface)|readonly )/.test(line)) return [];
  if (LEFT_OUT.test(line)) return [""];
  const condition = CONDITION.exec(line);
  const whole = condition ? [`${condition[1]}false${condition[3]}`] : [];
  const operands = [...line.matchAll(OPERAND)].map((found) => {
    const neutral = found[2] === " && " ? "true" : "false";
    return line.slice(0, found.index) + neutral + line.slice(found.index + (found[1] ?? "").length);
  });
  return [...whole, ...operands];
}

function survives(mutant: Mutant): boolean {
  const { file, line, was, becomes } = mutant;
  const path = join(root, file);
  const original = readFileSync(path, "utf8");
  const lines = original.split("\n");
  lines[line - 1] = becomes;
  writeFileSync(path, lines.join("\n"));
  const command = [process.execPath, "test", "--bail", "--timeout=20000", FOLDER];
  const { exitCode } = Bun.spawnSync(command, {
    cwd: root,
    stdout: "ignore",
    stderr: "ignore",
    timeout: LIMIT_MS,
  });
  writeFileSync(path, original);
  if (exitCode === 0) console.log(`${file}:${line}\n  - ${was.trim()}\n  + ${becomes.trim()}`);
  return exitCode === 0;
}
