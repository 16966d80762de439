import { expect, test } from "bun:test";
import { isPlain } from "./plain-path.ts";

const ROOT = "/apis/ipam.kube-ipam.io/v1/namespaces";

test("names and addresses are plain, whatever the query says", () => {
  for (const path of [
    `${ROOT}/team-a/addresses`,
    `${ROOT}/team-a/addresses/10.1.2.3?space=../x`,
    `${ROOT}/team-a/reservations/::1-fd00::5`,
    "/apis/ipam.kube-ipam.io",
  ])
    expect([path, isPlain(path)]).toEqual([path, true]);
});

test("what another reader could take for another path is not", () => {
  for (const path of [
    `${ROOT}/team-a/../team-b/addresses`,
    `${ROOT}/team-a/./addresses`,
    `${ROOT}/team-a//addresses`,
    `${ROOT}/team-a/%2e%2e/team-b`,
    `${ROOT}/team-a%2faddresses`,
    `${ROOT}/team-a\\..\\team-b`,
    `${ROOT}/team-a/addresses/`,
    `${ROOT}/team-a;x/addresses`,
    `${ROOT}/team-a/addresses#x`,
    "http://x/apis/ipam.kube-ipam.io",
    "",
  ])
    expect([path, isPlain(path)]).toEqual([path, false]);
});
