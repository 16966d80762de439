import * as v from "valibot";
import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { OthersWords } from "../../ipam/errors.ts";

/** A kubeconfig's `exec`, complete: a command to start as it is, and all of its environment of its own. */
export interface ExecSettings {
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** What an ExecCredential (client.authentication.k8s.io) says in its status. */
export type ExecStatus = v.InferOutput<typeof credential>["status"];

/** A program that a kubeconfig names, which prints a credential. */
export class ExecPlugin {
  readonly #settings: ExecSettings;
  #kept: ExecStatus | undefined;

  constructor(settings: ExecSettings) {
    this.#settings = settings;
  }

  /**
   * What it gives, or gave before, until that expires. When `signal` aborts, the program ends, and
   * whatever it has started: nothing outlives the ADD that asked.
   *
   * @throws Error that it failed, caused by OthersWords where it said why, or that it gave no credential.
   */
  async credential(signal: AbortSignal): Promise<ExecStatus> {
    const until = Date.parse(this.#kept?.expirationTimestamp ?? "");
    if (this.#kept !== undefined && until > Date.now()) return this.#kept;
    const status = statusOf(await this.#run(signal));
    this.#kept = status;
    return status;
  }

  async #run(signal: AbortSignal): Promise<string> {
    const { args, command, env } = this.#settings;
    const own = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
    const child = Bun.spawn([command, ...(args ?? [])], {
      env: { ...process.env, ...own },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      // A process group of its own, so that all of it can be ended.
      detached: true,
    });
    const end = () => endGroup(child.pid);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    try {
      const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()] as const;
      const [stdout, stderr] = await Promise.all(texts);
      if ((await child.exited) === 0) return stdout;
      throw failureOf(stderr.trim());
    } finally {
      signal.removeEventListener("abort", end);
    }
  }
}

/** Its words are not ours: a program that fails may say what it was given. */
function failureOf(said: string): Error {
  if (said === "") return new Error("its exec plugin failed and said nothing");
  const cause = new OthersWords(cut(said, CAPS.errorMessage));
  return new Error("its exec plugin failed; the log has what it said", { cause });
}

function statusOf(printed: string): ExecStatus {
  const result = v.safeParse(credential, parse(printed));
  if (!result.success) throw new Error("its exec plugin printed no ExecCredential");
  const { clientCertificateData, clientKeyData, token } = result.output.status;
  if ((token ?? "") === "" && !((clientCertificateData ?? "") !== "" && (clientKeyData ?? "") !== ""))
    throw new Error("its exec plugin gave neither a token nor a client certificate with its key");
  return result.output.status;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** It may have ended by itself meanwhile. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has.
  }
}

const text = v.nullish(v.string());

const credential = v.object({
  status: v.object({
    token: text,
    clientCertificateData: text,
    clientKeyData: text,
    expirationTimestamp: text,
  }),
});
