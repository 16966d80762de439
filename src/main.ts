/** Picks the role: the CNI plugin where the runtime says so, kubectl's plugin by its name, else the command line. */
// Certificates are checked whatever the environment says: no connection of ours, and none of Bun's own, is to hear of it.
delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
const command = process.env.CNI_COMMAND;
if (command !== undefined && command !== "") {
  const { runPlugin } = await import("./plugin.ts");
  process.exit(await runPlugin());
}
// scripts/build.sh starts the program reluctant to compile machine code, which an ADD is too short for; who stays is not.
Bun.unsafe.setJITPolicy(1);
if (process.argv0.endsWith("kubectl-ipam") || process.argv[2] === "kubectl") {
  const { runKubectlPlugin } = await import("./cli/kubectl/program.ts");
  process.exit(await runKubectlPlugin(process.argv.slice(process.argv[2] === "kubectl" ? 3 : 2)));
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
