import { test } from "bun:test";
import { type Subject, subjectsUnderTest } from "./subject.ts";
import { World } from "./world.ts";

const SUBJECTS = subjectsUnderTest();

/** Longest time one case may take unless it says otherwise, in milliseconds. */
const LIMIT = 60_000;

type Body = (world: World) => Promise<unknown>;

/** What a case needs of the machine beside root and Debian's packages. */
export interface Needs {
  /** Why the case cannot run here; it is skipped with these words in its title. */
  readonly missing?: string | undefined;
  /** Why the case says nothing where Kubernetes itself is the store; it is skipped there with these words. */
  readonly notOnKubernetes?: string;
  /** Longest time the case may take, in milliseconds. */
  readonly limit?: number;
}

/** A case that every plugin of the field should pass: runs against each subject under test. */
export function everywhere(id: string, title: string, body: Body, needs: Needs = {}): void {
  for (const subject of SUBJECTS) register(subject, id, title, body, needs);
}

/** A case in which kube-ipam differs on purpose, or does what others do not do at all. */
export function ours(id: string, title: string, body: Body, needs: Needs = {}): void {
  for (const subject of SUBJECTS.filter((each) => each.ours)) register(subject, id, title, body, needs);
}

/** One of ours that speaks of the plugin without an agent, such as how much one run frees. */
export function alone(id: string, title: string, body: Body, needs: Needs = {}): void {
  const subjects = SUBJECTS.filter((each) => each.ours && each.agent !== true);
  for (const subject of subjects) register(subject, id, title, body, needs);
}

/** One of ours that speaks of the embedded store's file. */
export function embedded(id: string, title: string, body: Body, needs: Needs = {}): void {
  const subjects = SUBJECTS.filter((each) => each.ours && each.remote !== true);
  for (const subject of subjects) register(subject, id, title, body, needs);
}

function register(
  subject: Subject,
  id: string,
  title: string,
  body: Body,
  { missing, limit = LIMIT, notOnKubernetes }: Needs,
): void {
  const name = `${id} ${title} [${subject.name}]`;
  const reason = missing ?? (subject.cluster ? notOnKubernetes : undefined);
  if (reason !== undefined) {
    test.skip(`${name} (skipped: ${reason})`, () => {});
    return;
  }
  test(
    name,
    async () => {
      await using world = await World.open(subject);
      await body(world);
    },
    limit,
  );
}
