import { Argument, type Command, type Option } from "commander";
import { withExamples } from "../command-line/common-options.ts";
import { printOut } from "../command-line/print.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** Adds `completion`, which prints a completion script made from the program's own commands. */
export function addCompletionCommand(program: Command): void {
  const command = program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("[shell]", "the shell").choices(SHELLS).default("bash"))
    .action((shell: Shell) => void printOut(SCRIPTS[shell](nodesOf(program, ""))));
  withExamples(command, [
    ["source <(kube-ipam completion)", "bash, this session"],
    ["kube-ipam completion bash >/etc/bash_completion.d/kube-ipam", "bash, all users"],
    ["kube-ipam completion zsh >/usr/local/share/zsh/site-functions/_kube-ipam", "zsh"],
    ["kube-ipam completion fish >~/.config/fish/completions/kube-ipam.fish", "fish"],
  ]);
}

/** One command, as a shell sees it. */
interface Node {
  /** "ip list"; "" is the program. */
  readonly path: string;
  readonly words: readonly Word[];
  /** The values of each option that has a fixed set of them. */
  readonly values: readonly { readonly flags: readonly string[]; readonly choices: readonly string[] }[];
}

interface Word {
  readonly text: string;
  readonly about: string;
}

/** A command and all commands below it, by each of their names. */
function nodesOf(command: Command, path: string): Node[] {
  const children = command.commands.map((child) => ({
    text: child.name(),
    about: firstClause(child.description()),
  }));
  const words = [
    ...children,
    ...(children.length > 0 ? [{ text: "help", about: "show the help of a command" }] : []),
    ...argumentChoices(command),
    ...command.options.flatMap(optionWords),
    { text: "--help", about: "show the help" },
  ];
  const values = command.options
    .filter(({ argChoices }) => argChoices !== undefined)
    .map((option) => ({ flags: flagsOf(option), choices: option.argChoices ?? [] }));
  const help = children.length > 0 ? [{ path: `${path} help`.trim(), words: children, values: [] }] : [];
  const below = command.commands.flatMap((child) =>
    [child.name(), ...child.aliases()].flatMap((name) => nodesOf(child, `${path} ${name}`.trim())),
  );
  return [{ path, words, values }, ...help, ...below];
}

function argumentChoices({ registeredArguments }: Command): Word[] {
  return registeredArguments.flatMap(({ argChoices, description }) =>
    (argChoices ?? []).map((text) => ({ text, about: firstClause(description) })),
  );
}

function optionWords(option: Option): Word[] {
  return option.long ? [{ text: option.long, about: firstClause(option.description) }] : [];
}

function flagsOf({ long, short }: Option): string[] {
  return [long, short].filter((flag): flag is string => flag !== undefined && flag !== null);
}

/** Shells show one short line. */
function firstClause(text: string): string {
  return (text.split(/[:;.(]|, so /)[0] ?? "").trim().replaceAll("'", "’");
}

const SCRIPTS: Readonly<Record<Shell, (nodes: readonly Node[]) => string>> = { bash, zsh, fish };

/** The words typed so far, up to the first option, name the command; `eval` is never needed. */
function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(
    ({ path, words }) => `    "${path}") words="${words.map(({ text }) => text).join(" ")}" ;;`,
  );
  const values = nodes.flatMap(({ path, values: of }) =>
    of.map(({ flags, choices }) => {
      const patterns = flags.map((flag) => `"${path} ${flag}"`).join(" | ");
      return `    ${patterns}) words="${choices.join(" ")}" ;;`;
    }),
  );
  return `_kube_ipam() {
  local path="" word words="" before="\${COMP_WORDS[COMP_CWORD-1]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    path="\${path:+$path }$word"
  done
  case "$path" in
${cases.join("\n")}
  esac
  case "$path $before" in
${values.join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _kube_ipam kube-ipam
`;
}

function zsh(nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, words }) => {
    const described = words.map(({ text, about }) => `'${text}:${about}'`).join(" ");
    return `    '${path}') candidates=(${described}) ;;`;
  });
  const values = nodes.flatMap(({ path, values: of }) =>
    of.map(({ flags, choices }) => {
      const patterns = flags.map((flag) => `'${path} ${flag}'`).join("|");
      return `    ${patterns}) candidates=(${choices.join(" ")}) ;;`;
    }),
  );
  return `#compdef kube-ipam
_kube_ipam() {
  local typed="" word before="\${words[CURRENT-1]}"
  local -a candidates
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ "$word" == -* ]] && break
    typed="\${typed:+$typed }$word"
  done
  case "$typed" in
${cases.join("\n")}
  esac
  case "$typed $before" in
${values.join("\n")}
  esac
  if (( \${#candidates} )); then _describe 'kube-ipam' candidates; else _files; fi
}
# Sourced, this registers the function; as a file of $fpath, it calls it.
if [ "$funcstack[1]" = "_kube-ipam" ]; then _kube_ipam "$@"; else compdef _kube_ipam kube-ipam; fi
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, words, values }) => {
    const here = `-n '__kube_ipam_at "${path}"'`;
    const plain = words.map(({ text, about }) =>
      text.startsWith("--")
        ? `complete -c kube-ipam ${here} -l ${text.slice(2)} -d '${about}'`
        : `complete -c kube-ipam ${here} -f -a ${text} -d '${about}'`,
    );
    const valued = values.map(({ flags, choices }) => {
      const [long = ""] = flags;
      return `complete -c kube-ipam ${here} -x -l ${long.slice(2)} -a '${choices.join(" ")}'`;
    });
    return [...plain, ...valued];
  });
  return `function __kube_ipam_at
  set -l typed
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and break
    set -a typed $word
  end
  test "$typed" = "$argv[1]"
end
${lines.join("\n")}
`;
}
