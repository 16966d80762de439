import { certificatesIn } from "../../tls/certificates.ts";
import { type Labels, type Material, materialFault } from "../../tls/material-fault.ts";

/**
 * What of it a TLS connection can be begun with: authorities that cannot be read are left out beside one that can, as
 * client-go does. What cannot be used would look like a server that is not there, and be tried again for ever.
 *
 * @param labels names its parts in messages.
 * @throws Error saying which part is unusable, and what to do, never what is in it.
 */
export async function usableTlsMaterial<M extends Material>(material: M, labels: Labels): Promise<M> {
  const { ca, cert, key } = material;
  if (cert === undefined && key !== undefined)
    throw new Error("it has a client-key without a client-certificate");
  if (cert !== undefined && key === undefined)
    throw new Error("it has a client-certificate without its client-key");
  const fault = await materialFault(material, labels);
  if (fault !== undefined) throw new Error(`its ${fault.reason}: ${fault.remedy}`);
  return { ...material, ...(ca !== undefined && { ca: certificatesIn(ca).join("\n") }) };
}
