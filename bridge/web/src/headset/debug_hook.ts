import { SIDE_NAMES, SIDES } from "../protocol/index.js";
import type { Experience } from "./experience.js";
import type { Lesson } from "./lesson.js";

/** What tests, and curious people, read at `window.ghosthandsLearn`. */
export function hookOf(learn: { readonly lesson: Lesson; readonly experience: Experience | null }) {
  return {
    get state() {
      return learn.lesson.state.kind;
    },
    get flow() {
      return learn.experience?.flow.state.kind ?? null;
    },
    get corner() {
      const state = learn.experience?.flow.state;
      return state?.kind === "touch" ? state.corner : null;
    },
    get place() {
      return learn.experience?.view.place ?? null;
    },
    get pose() {
      return learn.experience?.flow.pose ?? null;
    },
    get frames() {
      return learn.experience?.frames ?? 0;
    },
    get counts() {
      const { poses, scores, sent } = learn.lesson;
      return { poses, scores, sent };
    },
    get ghostOpacity() {
      return learn.lesson.feedback.ghostOpacity();
    },
    get words() {
      const { experience } = learn;
      const said = (panel: { object: { visible: boolean }; words: string } | undefined) =>
        panel?.object.visible ? panel.words : null;
      return {
        guide: said(experience?.guide.panel),
        hud: said(experience?.hud.panel),
        menu: said(experience?.menu.panel),
      };
    },
    /** Where a button is in the room, and which way it faces, metres. */
    button(panel: "guide" | "menu", id: string) {
      const shown = learn.experience?.[panel].panel;
      const area = shown?.areas.find((button) => button.id === id);
      if (!shown?.object.visible || !area) return null;
      shown.object.updateMatrixWorld();
      const at = shown.object.position.clone().set(area.xM, area.yM, 0);
      const front = at.clone().set(area.xM, area.yM, 1);
      const middle = at.applyMatrix4(shown.object.matrixWorld);
      const normal = front.applyMatrix4(shown.object.matrixWorld).sub(middle);
      return { middle: middle.toArray(), normal: normal.toArray() };
    },
    /** Ghosts' keypoints in the instrument's frame, metres. */
    get hands() {
      const entries = SIDES.map((side) => {
        const points = learn.experience?.view.keypointsM(side);
        return [SIDE_NAMES[side], points ? [...points] : null] as const;
      });
      return Object.fromEntries(entries);
    },
  };
}

declare global {
  interface Window {
    ghosthandsLearn?: ReturnType<typeof hookOf>;
  }
}
