import { type Object3D, Vector3 } from "three";

import type { Side } from "../protocol/index.js";
import { type Rigid, apply, invert } from "../stage/rigid.js";
import type { Lesson } from "./lesson.js";
import type { LessonView } from "./lesson_view.js";
import { clock } from "./playback.js";
import { type PanelContent, TextPanel } from "./text_panel.js";
import { FINGER_WORDS, SIDE_WORDS } from "./words.js";

const SIZE = { widthM: 0.4, heightM: 0.13, textM: 0.0165 };
const WRITE_EVERY_MS = 250;
/** No hands of the teacher, or of the learner, for so long are worth a word. */
const MISSING_MS = 3000;
/** Up to here it keeps its size. */
const NEAR_M = 0.7;
const CLOSE = 0.8;
const NEARLY = 0.45;

export interface HudFacts {
  lesson: Lesson;
  view: LessonView;
  tracked: boolean;
}

/** The small panel behind the instrument: what is played, how one does, what is amiss. */
export class Hud {
  readonly panel = new TextPanel(SIZE);
  readonly #place = new Vector3();
  #writtenMs = -Infinity;
  #trackedMs = 0;

  get object(): Object3D {
    return this.panel.object;
  }

  /** @param instrument where the instrument is; null hides the panel. */
  update(nowMs: number, instrument: Rigid | null, headM: Vector3, facts: HudFacts): void {
    if (facts.tracked || !instrument) this.#trackedMs = nowMs;
    if (!instrument) {
      this.panel.show(null);
      return;
    }
    if (nowMs - this.#writtenMs < WRITE_EVERY_MS) return;
    this.#writtenMs = nowMs;
    const { size, place } = facts.view;
    const beside = place === "beside";
    const [headX] = apply(invert(instrument), headM.toArray());
    const x = Math.min(size.widthM - 0.2, Math.max(0.2, headX));
    const height = beside ? 0.36 : 0.16;
    const back = -size.depthM - (beside ? 0.42 : 0.14);
    this.object.position.copy(this.#place.fromArray(apply(instrument, [x, height, back])));
    this.object.lookAt(headM);
    // As large to the eye wherever it is.
    this.object.scale.setScalar(Math.max(1, this.object.position.distanceTo(headM) / NEAR_M));
    this.panel.show(this.#words(nowMs, facts));
  }

  #words(nowMs: number, { lesson, view, tracked }: HudFacts): PanelContent {
    const trouble = this.#trouble(nowMs, lesson, tracked);
    if (trouble) return { ...trouble, tone: "warn" };
    const { playback, feedback } = lesson;
    const title = playback?.recording
      ? `${playback.recording}  ${clock(lesson.positionS)}${playback.playing ? "" : "  paused"}`
      : "Following the teacher";
    const lines: string[] = [];
    const worst = feedback.worst();
    if (feedback.score !== null) lines.push(`Score ${Math.round(feedback.score)}`);
    if (worst) lines.push(fingerWords(worst, view.mirrored));
    else if (!view.anchored)
      lines.push("The teacher’s instrument is not anchored: places are rough.");
    lines.push("Menu: turn your left palm to your face.");
    return { title, lines };
  }

  #trouble(nowMs: number, lesson: Lesson, tracked: boolean): PanelContent | null {
    const { state } = lesson;
    if (state.kind === "refused") {
      return {
        title: "The bridge no longer lets you in",
        lines: ["Leave, and ask for a new link."],
      };
    }
    if (state.kind !== "open") {
      return { title: "Connection lost", lines: ["Trying again by itself. Stay where you are."] };
    }
    if (!tracked && nowMs - this.#trackedMs > MISSING_MS) {
      return {
        title: "Your hands are not seen",
        lines: ["Hold them in front of you, in good light. Put controllers down."],
      };
    }
    if (performance.now() - lesson.lastPoseMs > MISSING_MS) {
      return {
        title: "No hands of the teacher",
        lines: ["They come by themselves. In a recorded lesson, poke Play in the menu."],
      };
    }
    return null;
  }
}

/** The finger that is furthest off, on the learner's own hand. */
function fingerWords(
  { side, finger, closeness }: { side: Side; finger: number; closeness: number },
  mirrored: boolean,
): string {
  if (closeness >= CLOSE) return "All fingers are close.";
  const how = closeness >= NEARLY ? "a little off" : "far off";
  return `${SIDE_WORDS[mirrored ? 1 - side : side]} ${FINGER_WORDS[finger]}: ${how}`;
}
