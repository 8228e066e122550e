/** What a slider says and does; values are seconds. */
export interface SliderOptions {
  /** Where along the track the thumb is, 0 to 1. */
  onMove(value: number, done: boolean): void;
  text(value: number): string;
}

const STEP_S = 0.1;
const LONG_STEP_S = 5;

/** A thumb on a track: a slider for pointers, keys and screen readers (ARIA APG, "Slider"). */
export class Slider {
  #maxS = 0;
  #valueS = 0;
  #dragging = false;

  constructor(
    readonly thumb: HTMLElement,
    private readonly track: HTMLElement,
    private readonly options: SliderOptions,
  ) {
    thumb.setAttribute("role", "slider");
    thumb.tabIndex = 0;
    thumb.addEventListener("keydown", (event) => this.#onKey(event));
    thumb.addEventListener("pointerdown", (event) => this.grab(event));
    thumb.addEventListener("pointermove", (event) => {
      if (this.#dragging) this.#moveTo(this.valueAt(event.clientX), false);
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      thumb.addEventListener(end, () => {
        if (!this.#dragging) return;
        this.#dragging = false;
        this.options.onMove(this.#valueS, true);
      });
    }
    this.setDisabled(true);
  }

  /** The user holds it: what the bridge says does not move it. */
  get dragging(): boolean {
    return this.#dragging;
  }

  /** Takes hold of the thumb, as if the pointer had gone down on it. */
  grab(event: PointerEvent): void {
    if (this.disabled || event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.thumb.setPointerCapture(event.pointerId);
    this.thumb.focus();
    this.#dragging = true;
  }

  get disabled(): boolean {
    return this.thumb.getAttribute("aria-disabled") === "true";
  }

  setDisabled(disabled: boolean): void {
    this.thumb.setAttribute("aria-disabled", `${disabled}`);
    this.thumb.tabIndex = disabled ? -1 : 0;
  }

  /** Shows a value, unless the user holds the thumb. */
  set(valueS: number, maxS: number): void {
    this.#maxS = maxS;
    if (!this.#dragging) this.#show(valueS);
  }

  /** The value below a place on the screen. */
  valueAt(clientX: number): number {
    const { left, width } = this.track.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / Math.max(1, width))) * this.#maxS;
  }

  #moveTo(valueS: number, done: boolean): void {
    this.#show(Math.min(this.#maxS, Math.max(0, valueS)));
    this.options.onMove(this.#valueS, done);
  }

  #show(valueS: number): void {
    this.#valueS = valueS;
    const part = this.#maxS > 0 ? valueS / this.#maxS : 0;
    this.thumb.style.left = `${(100 * part).toFixed(2)}%`;
    const shown = valueS.toFixed(1);
    if (this.thumb.getAttribute("aria-valuenow") === shown) return;
    this.thumb.setAttribute("aria-valuenow", shown);
    this.thumb.setAttribute("aria-valuemin", "0");
    this.thumb.setAttribute("aria-valuemax", this.#maxS.toFixed(1));
    this.thumb.setAttribute("aria-valuetext", this.options.text(valueS));
  }

  #onKey(event: KeyboardEvent): void {
    if (this.disabled || event.ctrlKey || event.metaKey || event.altKey) return;
    const to: Record<string, number> = {
      ArrowLeft: this.#valueS - STEP_S,
      ArrowDown: this.#valueS - STEP_S,
      ArrowRight: this.#valueS + STEP_S,
      ArrowUp: this.#valueS + STEP_S,
      PageDown: this.#valueS - LONG_STEP_S,
      PageUp: this.#valueS + LONG_STEP_S,
      Home: 0,
      End: this.#maxS,
    };
    if (!(event.key in to)) return;
    event.preventDefault();
    event.stopPropagation();
    this.#moveTo(to[event.key]!, true);
  }
}
