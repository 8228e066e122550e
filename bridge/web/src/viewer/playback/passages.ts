/**
 * The worst passages of a comparison, from the JSON of `ghosthands compare --json`. The file comes
 * from anywhere: it is bounded, and each field that is used is checked.
 */

/** A larger file is not read. A comparison of two long lessons is some 100 kB. */
export const MAX_FILE_BYTES = 4 << 20;
/** More passages than this are left out, the mildest first. */
export const MAX_PASSAGES = 50;

const MAX_S = 1e6;
const MAX_ANGLE = 64;

/** A stretch in which student and teacher clearly differ, seconds. */
export interface ComparedPassage {
  teacherS: readonly [number, number];
  studentS: readonly [number, number];
  hand: "left" | "right";
  /** The angle that differs most, as the SDK names it: `index_base_flexion`. */
  angle: string;
  /** Student minus teacher. */
  differenceDeg: number;
  severity: number;
}

/** What of a comparison the playback bar needs. */
export interface Passages {
  /** Worst first. */
  passages: readonly ComparedPassage[];
  teacherDurationS: number;
  studentDurationS: number;
}

/** A file that is no comparison, in words for people. */
export class PassagesError extends Error {
  override readonly name = "PassagesError";
}

/** Reads a comparison. @throws PassagesError where it is none. */
export function parsePassages(text: string): Passages {
  if (text.length > MAX_FILE_BYTES) throw new PassagesError("The file is too large for a comparison.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PassagesError("The file is not JSON. Make one with ghosthands compare --json.");
  }
  const { passages, teachers, student } = map(value, "the file");
  if (!Array.isArray(passages)) refuse("passages", "a list");
  return {
    passages: passages.slice(0, MAX_PASSAGES).map((one, i) => passage(one, `passages[${i}]`)),
    teacherDurationS: duration(Array.isArray(teachers) ? teachers[0] : null, "teachers[0]"),
    studentDurationS: duration(student, "student"),
  };
}

/** Which of the two recordings is loaded, as far as their lengths tell; the teacher's if neither. */
export function whoseTimes(
  { teacherDurationS, studentDurationS }: Passages,
  durationS: number,
): "teacher" | "student" {
  const off = (other: number) => Math.abs(other - durationS);
  return off(studentDurationS) < off(teacherDurationS) ? "student" : "teacher";
}

/** A passage in a few words: `Right hand: index base flexion 22° more`. */
export function passageWords({ hand, angle, differenceDeg }: ComparedPassage): string {
  const size = Math.round(Math.abs(differenceDeg));
  const way = differenceDeg < 0 ? "less" : "more";
  const whose = hand === "left" ? "Left" : "Right";
  return `${whose} hand: ${angle.replaceAll("_", " ")} ${size}° ${way}`;
}

function passage(value: unknown, where: string): ComparedPassage {
  const { teacher_s, student_s, hand, angle, difference_deg, severity } = map(value, where);
  if (hand !== "left" && hand !== "right") return refuse(`${where}.hand`, "left or right");
  if (typeof angle !== "string" || !/^[a-z0-9_ -]+$/i.test(angle) || angle.length > MAX_ANGLE) {
    return refuse(`${where}.angle`, "a name");
  }
  return {
    teacherS: span(teacher_s, `${where}.teacher_s`),
    studentS: span(student_s, `${where}.student_s`),
    hand,
    angle,
    differenceDeg: real(difference_deg, `${where}.difference_deg`, -360, 360),
    severity: real(severity, `${where}.severity`, 0, MAX_S),
  };
}

function span(value: unknown, where: string): readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2) return refuse(where, "two times");
  const [begin, end] = value.map((one) => real(one, where, -MAX_S, MAX_S)) as [number, number];
  return begin < end ? [begin, end] : refuse(where, "a begin and a later end");
}

function duration(value: unknown, where: string): number {
  return real(map(value, where).duration_s, `${where}.duration_s`, 0, MAX_S);
}

function real(value: unknown, where: string, low: number, high: number): number {
  return typeof value === "number" && value >= low && value <= high
    ? value
    : refuse(where, `a number from ${low} to ${high}`);
}

function map(value: unknown, where: string): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse(where, "a comparison's");
}

function refuse(where: string, wanted: string): never {
  throw new PassagesError(
    `The file is no comparison: ${where} is not ${wanted}. Make one with ghosthands compare --json.`,
  );
}
