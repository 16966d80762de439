/** Picks the role: the CNI plugin where the runtime says so, else the command line. */
const command = process.env.CNI_COMMAND;
if (command !== undefined && command !== "") {
  const { runPlugin } = await import("./plugin.ts");
  process.exit(await runPlugin());
} else if (process.argv[2] === "agent") {
  const { agentCommand } = await import("./agent/command.ts");
  process.exit(await agentCommand(process.argv.slice(3)));
} else if (process.argv[2] === "controller") {
  const { controllerCommand } = await import("./controller/command.ts");
  process.exit(await controllerCommand(process.argv.slice(3)));
} else {
  const { runCommandLine } = await import("./cli/main.ts");
  process.exit(await runCommandLine(process.argv.slice(2)));
}

export {};
