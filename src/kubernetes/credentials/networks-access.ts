import { dirname } from "node:path";
import type { Access } from "./access.ts";

/**
 * What a kubeconfig may say that a network has named, where no administrator of this node vouches for it: its
 * author would start programs as root, and have root's files sent to a server of his.
 *
 * @throws Error naming what only the node's file may bring about.
 */
export function networksAccess(access: Access, path: string): Access {
  if (access.exec !== undefined)
    throw new Error(
      "its user's exec names a program, which root starts only where the node's file names the kubeconfig: put " +
        "kubeConfig into the node's file to use exec plugins",
    );
  const { token } = access;
  if (token === undefined || "text" in token) return access;
  return { ...access, token: { ...token, within: dirname(path) } };
}
