/**
 * How evenly hands move, and how late, when poses come unevenly: `npm run bench-playout`.
 *
 * A display of 90 frames a second is fed 30 poses a second over an ordered connection (what is late
 * holds up what follows, as WebSocket does) that takes 60 ms and up to so much more by chance. A
 * wrist swings as a pianist's does and a finger taps. What is drawn is compared with the true motion
 * the same median delay ago: an error of place is either interpolation's or that of uneven time.
 * Beside it, the newest pose drawn as it comes.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

import { type PoseHand } from "../src/protocol/index.js";
import { Playout } from "../src/stage/playout.js";

const SEND_HZ = 30;
const DISPLAY_HZ = 90;
const BASE_MS = 60;
const JITTERS_MS = [0, 10, 20, 40, 60, 80];
const SEEDS = [1, 2, 3, 4, 5];
const WARM_UP_MS = 4000;
const DURATION_MS = 34_000;

/** Where the wrist is, metres, and how far the index finger is bent, radians. */
function motion(timeMs: number): { wristM: [number, number, number]; bendRad: number } {
  const t = timeMs / 1000;
  const wave = (hz: number, phase = 0) => Math.sin(2 * Math.PI * hz * t + phase);
  return {
    wristM: [0.1 * wave(0.5) + 0.02 * wave(1.7, 1), 0.01 * wave(3), 0.02 * wave(0.9, 2)],
    bendRad: 0.5 + 0.3 * wave(3, 0.5),
  };
}

function poseAt(timeMs: number): PoseHand {
  const { wristM, bendRad } = motion(timeMs);
  const pose = new Float32Array(64);
  for (let joint = 0; joint < 16; joint++) pose[joint * 4 + 3] = 1;
  pose.set([0, 0, Math.sin(bendRad / 2), Math.cos(bendRad / 2)], 4);
  return {
    side: 1,
    wrist_m: Float32Array.from(wristM),
    pose_quat: pose,
    finger_confidence: new Float32Array(5).fill(1),
  };
}

interface Drawn {
  nowMs: number;
  /** Of which moment it is. */
  timeMs: number;
  wristM: number[];
  bendRad: number;
}

function run(jitterMs: number, seed: number) {
  let state = seed * 7919;
  const chance = () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
  const arrivals: { timeMs: number; nowMs: number }[] = [];
  let before = 0;
  for (let timeMs = 0; timeMs < DURATION_MS; timeMs += 1000 / SEND_HZ) {
    before = Math.max(before, timeMs + BASE_MS + chance() * jitterMs);
    arrivals.push({ timeMs, nowMs: before });
  }
  const playout = new Playout();
  const smooth: Drawn[] = [];
  const newest: Drawn[] = [];
  let next = 0;
  let absent = 0;
  for (let nowMs = 0; nowMs < DURATION_MS; nowMs += 1000 / DISPLAY_HZ) {
    for (; next < arrivals.length && arrivals[next]!.nowMs <= nowMs; next++) {
      const { timeMs, nowMs: arrivedMs } = arrivals[next]!;
      playout.push(timeMs, [poseAt(timeMs)], arrivedMs);
    }
    const hand = playout.advance(nowMs)[1];
    if (nowMs < WARM_UP_MS) continue;
    if (!hand) {
      absent++;
      continue;
    }
    const bendRad = 2 * Math.atan2(hand.poseQuat[6]!, hand.poseQuat[7]!);
    const timeMs = nowMs - playout.delayMs()!;
    smooth.push({ nowMs, timeMs, wristM: [...hand.wristM], bendRad });
    const last = arrivals[next - 1]!.timeMs;
    const { wristM, bendRad: bend } = motion(last);
    newest.push({ nowMs, timeMs: last, wristM, bendRad: bend });
  }
  return { playout: figures(smooth), newest: figures(newest), absent };
}

function figures(drawn: Drawn[]) {
  const delays = drawn.map(({ nowMs, timeMs }) => nowMs - timeMs);
  const medianMs = quantile(delays, 0.5);
  const wrist = drawn.map(({ nowMs, wristM }) => {
    const truth = motion(nowMs - medianMs).wristM;
    return Math.hypot(...wristM.map((value, axis) => value - truth[axis]!)) * 1000;
  });
  const bend = drawn.map(({ nowMs, bendRad }) =>
    Math.abs(bendRad - motion(nowMs - medianMs).bendRad),
  );
  const degrees = 180 / Math.PI;
  return {
    wrist_error_mm: { rms: rms(wrist), p95: quantile(wrist, 0.95) },
    finger_error_deg: { rms: rms(bend) * degrees, p95: quantile(bend, 0.95) * degrees },
    added_delay_ms: { p50: medianMs - BASE_MS, p95: quantile(delays, 0.95) - BASE_MS },
  };
}

function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))]!;
}

const rms = (values: number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

/** Medians over the seeds, figure by figure, to three digits. */
function median(runs: any[]): any {
  if (typeof runs[0] === "number") return Number(quantile(runs, 0.5).toPrecision(3));
  return Object.fromEntries(
    Object.keys(runs[0]).map((key) => [key, median(runs.map((run) => run[key]))]),
  );
}

const rows = JITTERS_MS.map((jitterMs) => ({
  jitter_ms: jitterMs,
  ...median(SEEDS.map((seed) => run(jitterMs, seed))),
}));
const result = {
  benchmark: "playout",
  command: "npm run bench-playout (in bridge/web)",
  date: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version },
  display_hz: DISPLAY_HZ,
  send_hz: SEND_HZ,
  seconds: (DURATION_MS - WARM_UP_MS) / 1000,
  base_ms: BASE_MS,
  seeds: SEEDS,
  results: rows,
};
writeFileSync(
  join(process.cwd(), "../../benchmarks/results/playout.json"),
  `${JSON.stringify(result, null, 2)}\n`,
);
console.table(
  rows.map(({ jitter_ms, playout, newest, absent }) => ({
    "jitter ms": jitter_ms,
    "error mm (rms)": playout.wrist_error_mm.rms,
    p95: playout.wrist_error_mm.p95,
    "finger deg": playout.finger_error_deg.rms,
    "added ms": playout.added_delay_ms.p50,
    "newest: mm (rms)": newest.wrist_error_mm.rms,
    "newest: added ms": newest.added_delay_ms.p50,
    absent,
  })),
);
