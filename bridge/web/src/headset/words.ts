import { keyboardLayout } from "../stage/keyboard_layout.js";
import type { Calibration, Corner, Size } from "./calibration.js";
import type { FlowState } from "./calibration_flow.js";
import { sizeOf } from "./lesson_frame.js";
import type { PanelContent } from "./text_panel.js";

/** What the panel in the headset says while the instrument is found. Buttons are added there. */

export const SIDE_WORDS = ["Left", "Right"] as const;
export const FINGER_WORDS = [
  "thumb",
  "index finger",
  "middle finger",
  "ring finger",
  "little finger",
];

const CORNER_WORDS: Record<Corner, string> = {
  frontLeft: "front left corner",
  frontRight: "front right corner",
  backLeft: "back left corner",
};
const CORNER_HINTS: Record<Corner, string> = {
  frontLeft: "Of the leftmost key, nearest to you.",
  frontRight: "Of the rightmost key, nearest to you.",
  backLeft: "Of the leftmost key, where it ends at the back.",
};
const PLAIN_HINTS: Record<Corner, string> = {
  frontLeft: "The one on your left, nearest to you.",
  frontRight: "The one on your right, nearest to you.",
  backLeft: "The one on your left, away from you.",
};

/** A panel is drawn anew for every step. */
const PROGRESS_STEPS = 10;

const millimetres = (metres: number) => `${Math.round(metres * 1000).toLocaleString("en")} mm`;

/** A name for people of an instrument's name on the wire. */
export function instrumentWords(instrument: string): string {
  const keys = /^piano-(\d+)/.exec(instrument)?.[1];
  if (keys) return `keyboard with ${keys} keys`;
  if (instrument === "a3" || instrument === "a4") return `sheet of ${instrument.toUpperCase()}`;
  return instrument === "letter" ? "sheet of letter paper" : `rectangle of ${instrument} m`;
}

export function flowWords(
  state: FlowState,
  instrument: string,
  size: Size,
  { progress, pointing, tracked }: { progress: number; pointing: boolean; tracked: boolean },
): PanelContent {
  switch (state.kind) {
    case "touch": {
      const hints = keyboardLayout(instrument) ? CORNER_HINTS : PLAIN_HINTS;
      const what = !tracked
        ? "Hold your hands in front of you. Put controllers down."
        : pointing
          ? "Hold still …"
          : "Point with one index finger, touch the corner, and hold still for a second.";
      return {
        title: `Touch the ${CORNER_WORDS[state.corner]}`,
        lines: [hints[state.corner], what],
        progress: Math.round(progress * PROGRESS_STEPS) / PROGRESS_STEPS,
        corner: state.corner,
        tone: tracked ? "plain" : "warn",
      };
    }
    case "refused":
      return { ...refusalWords(state.calibration, instrument, size), tone: "warn" };
    case "check":
      return {
        title: "Do the drawn keys lie on yours?",
        lines: state.calibration
          ? [
              `Width ${millimetres(state.calibration.measuredWidthM)} of ${millimetres(size.widthM)}, ` +
                `touches fit within ${millimetres(state.calibration.residualM)}.`,
              "Move them if not, then poke Keep.",
            ]
          : ["This is where they were kept. Move them, touch again, or poke Keep."],
      };
    case "done":
      return { title: "" };
  }
}

function refusalWords(
  { refusal, measuredWidthM, residualM }: Calibration,
  instrument: string,
  size: Size,
): PanelContent {
  switch (refusal) {
    case "too_near":
      return {
        title: "Two touches are at the same place",
        lines: ["Touch three different corners, in the order that is asked for."],
      };
    case "upside_down":
      return {
        title: "Two corners were swapped",
        lines: ["Touch front left, then front right, then back left, as you sit at it."],
      };
    case "tilted":
      return {
        title: "The touches are not level",
        lines: ["Touch the tops of the keys, all at the same height."],
      };
    case "width": {
      const other = fitting(measuredWidthM);
      return {
        title: `${millimetres(measuredWidthM)} is not the width of this ${instrumentWords(instrument)}`,
        lines: [
          `It should be ${millimetres(size.widthM)}. Touch the outer corners of the outermost keys.`,
          ...(other ? [`Yours may be a ${instrumentWords(other)}: leave, and choose that.`] : []),
        ],
      };
    }
    default:
      return {
        title: "The touches do not fit together",
        lines: [
          `They miss the corners by ${millimetres(residualM)}. Touch again, and hold still each time.`,
        ],
      };
  }
}

/** The keyboard whose width this is. */
function fitting(widthM: number): string | null {
  const found = ["piano-88", "piano-76", "piano-61", "piano-49"].find(
    (name) => Math.abs(sizeOf(name)!.widthM - widthM) < 0.03 * widthM,
  );
  return found ?? null;
}
