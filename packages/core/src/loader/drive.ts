/**
 * WeaveDrive: lets a process read Arweave as files (`/data/<id>`, `/tx/<id>`, `/block/<height>`). It answers at
 * once: a drive that needs the network blocks its worker thread until it has the bytes.
 */
export interface Drive {
  /**
   * The bytes of a file, the program's own from then on; undefined if there is no such file. What it throws ends the
   * evaluation with `EVAL.DRIVE`; throw an `AoError` of that code to tell whether trying again can help.
   */
  open(path: string): Uint8Array | undefined;
}
