import type { Command } from "commander";
import { printOut } from "./print.ts";

/** `completion`: commands and options for bash, from the very commands that are there. */
export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description("print what makes bash complete commands and options: source <(kube-ipam completion)")
    .action(() => void printOut(scriptFor(program)));
}

function scriptFor(program: Command): string {
  const cases = withPaths(program, "").map(
    ({ path, words }) => `    "${path}") words="${words.join(" ")}" ;;`,
  );
  return `_kube_ipam() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    path="\${path:+$path }$word"
  done
  case "$path" in
${cases.join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _kube_ipam kube-ipam
`;
}

function withPaths(command: Command, path: string): { path: string; words: string[] }[] {
  const options = command.options.flatMap(({ long }) => long ?? []);
  const words = [...command.commands.map((child) => child.name()), ...options, "--help"];
  const children = command.commands.flatMap((child) => withPaths(child, `${path} ${child.name()}`.trim()));
  return [{ path, words }, ...children];
}
