import { IpamError } from "../../ipam/errors.ts";

/** What a user would see of the error that the work throws. */
export function thrown(work: () => unknown): { name: string; message: string; details: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof IpamError) return told(error);
    throw error;
  }
  throw new Error("expected an IpamError, but nothing was thrown");
}

export async function rejected(work: Promise<unknown>): Promise<ReturnType<typeof thrown>> {
  const error = await work.then(
    () => new Error("expected an IpamError, but nothing was rejected"),
    (reason: unknown) => reason,
  );
  if (error instanceof IpamError) return told(error);
  throw error;
}

function told({ name, message, details }: IpamError) {
  return { name, message, details };
}
