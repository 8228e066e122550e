import { byId, el } from "../../ui/dom.js";
import { LEAST_LOOP_S, timeText } from "./clock.js";
import { type Passages, passageWords, whoseTimes } from "./passages.js";

/** The worst passages of a comparison: signs on the bar's track, and a list of the same. */
export class PassageMarkers {
  readonly #markers = byId("pb-markers");
  readonly #list = byId("passages");
  #passages: Passages | null = null;
  #durationS = 0;

  /** @param onChosen called with the index of a passage that the user chose. */
  constructor(private readonly onChosen: (index: number) => void) {}

  set(passages: Passages): void {
    this.#passages = passages;
    this.#draw();
  }

  /** Another recording is loaded, so long. */
  setDuration(durationS: number): void {
    this.#durationS = durationS;
    this.#draw();
  }

  /** From and to of a passage in the recording that is loaded, seconds. */
  timesOf(index: number): readonly [number, number] | null {
    const passage = this.#passages?.passages[index];
    if (!passage) return null;
    const whose = whoseTimes(this.#passages!, this.#durationS);
    return whose === "teacher" ? passage.teacherS : passage.studentS;
  }

  #draw(): void {
    const passages = this.#passages?.passages ?? [];
    byId("passages-part").hidden = this.#passages === null;
    byId("no-passages").hidden = passages.length > 0;
    const items = passages.map((passage, index) => {
      const [begin, end] = this.timesOf(index)!;
      const words = `${timeText(begin)} to ${timeText(end)}. ${passageWords(passage)}`;
      return { begin, end, words, index };
    });
    this.#list.replaceChildren(
      ...items.map(({ words, index }) => {
        const button = el("button", { class: "passage", type: "button" }, words);
        button.addEventListener("click", () => this.onChosen(index));
        return el("li", {}, button);
      }),
    );
    const duration = this.#durationS;
    const inside = items.filter(({ begin, end }) => duration > 0 && end > 0 && begin < duration);
    this.#markers.replaceChildren(
      ...inside.map(({ begin, end, words, index }) => {
        const marker = el("button", {
          type: "button",
          title: words,
          "aria-label": `Loop ${words}`,
        });
        marker.style.left = `${(100 * Math.max(0, begin)) / duration}%`;
        const width = Math.min(duration, end) - Math.max(0, begin);
        marker.style.width = `${(100 * Math.max(width, LEAST_LOOP_S)) / duration}%`;
        marker.addEventListener("click", () => this.onChosen(index));
        return marker;
      }),
    );
  }
}
