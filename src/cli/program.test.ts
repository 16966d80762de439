import { expect, test } from "bun:test";
import type { Command } from "commander";
import { pathOf } from "../command-line/common-options.ts";
import { makeProgram } from "./program.ts";

/** Help and completion show these texts side by side, so that they are all made alike. */

const commands = allOf(makeProgram("", () => {}));

test("a command says in the imperative what it does", () => {
  const own = commands.filter((command) => command.parent !== null);
  expect(own.length).toBeGreaterThan(25);
  const others = own.filter((command) => !/^[a-z]+(?<!s)[ ,]/.test(command.description()));
  expect(others.map((command) => `${pathOf(command)}: ${command.description()}`)).toEqual([]);
});

test("an option begins in lower case, but for names", () => {
  const texts = textsOf(({ options }) => options.map(({ description }) => description));
  expect(texts.filter((text) => /: (?!Kubernetes|Unix)[A-Z][a-z]/.test(text))).toEqual([]);
});

test("no text ends with a period", () => {
  const texts = textsOf(({ options, registeredArguments }) =>
    [...options, ...registeredArguments].map(({ description }) => description),
  );
  const all = [...texts, ...textsOf((command) => [command.description()])];
  expect(all.filter((text) => text.endsWith("."))).toEqual([]);
});

function textsOf(of: (command: Command) => readonly string[]): string[] {
  return commands.flatMap((command) => of(command).map((text) => `${pathOf(command)}: ${text}`));
}

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}
