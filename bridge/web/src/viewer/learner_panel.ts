import { SIDES, type Side } from "../protocol/index.js";
import type { Feedback } from "../stage/finger_colors.js";
import { byId, el, setText } from "../ui/dom.js";
import { errorLevel } from "./error_levels.js";

const FINGERS = 5;

/** The learner's score, and how far off each finger is, in words and signs. */
export class LearnerPanel {
  readonly #part = byId("learner-part");
  readonly #legend = byId("legend-learner");
  readonly #score = byId("learner-score");
  readonly #cells: Record<Side, HTMLElement[]> = { 0: [], 1: [] };

  constructor() {
    const body = byId("learner-fingers");
    for (const side of SIDES) {
      this.#cells[side] = Array.from({ length: FINGERS }, () => el("td", {}, "–"));
      const name = el("th", { scope: "row" }, side === 0 ? "Left" : "Right");
      body.append(el("tr", {}, name, ...this.#cells[side]));
    }
  }

  /** @param others learners who are in the room and not shown. */
  update(learner: string | null, others: number, feedback: Feedback): void {
    const known = SIDES.some((side) => feedback.fingers[side].some((close) => close >= 0));
    this.#part.hidden = learner === null && !known;
    this.#legend.hidden = learner === null;
    if (this.#part.hidden) return;
    const score = feedback.score === null ? "No score yet" : `Score ${feedback.score.toFixed(0)} of 100`;
    const more = others > 0 ? `; ${others} more ${others === 1 ? "learner" : "learners"}` : "";
    setText(this.#score, score + more);
    for (const side of SIDES) {
      for (const [finger, cell] of this.#cells[side].entries()) {
        const level = errorLevel(feedback.fingers[side][finger]!);
        setText(cell, level?.sign ?? "–");
        cell.title = level?.words ?? "not known";
        cell.setAttribute("aria-label", level?.words ?? "not known");
        cell.dataset.level = level ? level.words.split(" ")[0]! : "";
      }
    }
  }
}
