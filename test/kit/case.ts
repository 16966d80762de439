import { test } from "bun:test";
import { type Subject, subjectsUnderTest } from "./subject.ts";
import { World } from "./world.ts";

const SUBJECTS = subjectsUnderTest();

/** Longest time one case may take, in milliseconds. */
const LIMIT = 60_000;

type Body = (world: World) => Promise<void>;

/** A case that every plugin of the field should pass: runs against each subject under test. */
export function everywhere(id: string, title: string, body: Body): void {
  for (const subject of SUBJECTS) register(subject, id, title, body);
}

/** A case in which kube-ipam differs on purpose, or does what others do not do at all. */
export function ours(id: string, title: string, body: Body): void {
  for (const subject of SUBJECTS.filter((each) => each.ours)) register(subject, id, title, body);
}

function register(subject: Subject, id: string, title: string, body: Body): void {
  test(
    `${id} ${title} [${subject.name}]`,
    async () => {
      await using world = await World.open(subject);
      await body(world);
    },
    LIMIT,
  );
}
