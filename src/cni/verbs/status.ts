import { status as storeStatus } from "../../ipam/check/status.ts";
import type { Host, Request } from "../protocol/call.ts";

/** STATUS: ready to serve ADDs. */
export async function status(request: Request, host: Host): Promise<void> {
  const ports = await host.openPorts(request);
  try {
    await storeStatus(ports, request.deadline, request.configuration.network);
  } finally {
    await ports.close();
  }
}
