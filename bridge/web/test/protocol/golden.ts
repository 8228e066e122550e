import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Vectors that every implementation of the protocol is tested against (bridge/protocol/golden). */
export interface Vector {
  name: string;
  hex?: string;
  /** Bytes too many to write down. */
  repeat?: { hex: string; count: number };
  message?: Record<string, unknown>;
  canonical?: boolean;
  code?: string;
}

export function golden(file: string): Vector[] {
  // Tests run bundled, from the package's folder: npm sees to that.
  const path = join(process.cwd(), "../protocol/golden", file);
  return JSON.parse(readFileSync(path, "utf8")).vectors;
}

export function bytesOf({ hex, repeat }: Vector): Uint8Array {
  return Uint8Array.from(Buffer.from(hex ?? repeat!.hex.repeat(repeat!.count), "hex"));
}

/** A message as the golden files write it: times as text, arrays nested in rows, -0 as 0. */
export function asJson(message: unknown): unknown {
  return JSON.parse(
    JSON.stringify(message, (key, value) => {
      if (typeof value === "bigint") return `${value}`;
      if (!(value instanceof Float32Array)) return value;
      const width = { pose_quat: 4, rest_joints_m: 3, joints_m: 3, joint_quat: 4 }[key];
      if (!width) return [...value];
      return Array.from({ length: value.length / width }, (_, i) => [
        ...value.subarray(i * width, (i + 1) * width),
      ]);
    }),
  );
}
