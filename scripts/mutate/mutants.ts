/** One line of a file and what stands in its place. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly was: string;
  readonly becomes: string;
}

/** Every rule of a file, broken: each mutant breaks one. */
export function mutantsOf(file: string, text: string): Mutant[] {
  return text
    .split("\n")
    .flatMap((was, index) => variantsOf(was).map((becomes) => ({ file, line: index + 1, was, becomes })))
    .filter((mutant) => parses(broken(text, mutant)));
}

/** The file's text with that one line replaced. */
export function broken(text: string, { line, becomes }: Mutant): string {
  return text
    .split("\n")
    .with(line - 1, becomes)
    .join("\n");
}

/** A guard that is left out, a check that is not called, a row of the table that is missing. */
const LEFT_OUT =
  /^\s*(?:(?:await )?(?:writes\.guard|writes\.remove|guards\.push|(?:require|refuse|verify|undo|settle|remember|evict|disown|reserve|writeJournal)\w*)\(.*\);|(?:\["[^"]+", )?\w+Row\]?,|\{ (?:ref|kind): .*revision.*\},)$/;
const CONDITION = /^(\s*(?:\} else )?if \()(.+)(\) (?:return|throw|continue|break|\{|\w).*)$/;
const OPERAND =
  /(?<= && | \|\| |return |if \(|\? | => | = |^\s+)(?!\s|(?:return|if|const|let|throw|await) )([!\w.?[\]() ]+(?: (?:===|!==|<|>|<=|>=) [\w."'?[\]() ]+)?)( && | \|\| )/g;

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

/** Every test would miss a file that is no program: that proves nothing. */
function parses(text: string): boolean {
  try {
    new Bun.Transpiler({ loader: "ts" }).transformSync(text);
    return true;
  } catch {
    return false;
  }
}
