import { byId, setText } from "../../ui/dom.js";
import { toPicture } from "../placing.js";
import type { Share } from "../sight.js";
import { AnchorError, forgetAnchor, setAnchor } from "./anchor_api.js";
import { CORNERS, CornerTaps } from "./corner_taps.js";
import { InstrumentForm } from "./instrument_form.js";
import { Still } from "./still.js";
import { type Understood, describe } from "./understood.js";

/** How near a touch must be to take hold of a corner, CSS pixels. */
const REACH = 24;
/** Steps of the arrow keys, pixels of the picture; with Shift held, the larger. */
const STEP_PX = { fine: 1, coarse: 12 };
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** What the dialog needs of the page. */
export interface AnchorPage {
  room: string;
  token: string | null;
  view(): string;
  bridge(): string;
  /** Whether the room knows its instrument already. */
  known(): boolean;
}

/** Taps the instrument's corners on a frozen picture, and tells the bridge. */
export class AnchorDialog {
  readonly #dialog = byId("anchor", HTMLDialogElement);
  readonly #undo = byId("anchor-undo", HTMLButtonElement);
  readonly #set = byId("anchor-set", HTMLButtonElement);
  readonly #forget = byId("anchor-forget", HTMLButtonElement);
  readonly #close = byId("anchor-cancel", HTMLButtonElement);
  readonly #said = byId("anchor-said");
  readonly #form = new InstrumentForm(() => this.#changed());
  readonly #still = new Still(
    byId("anchor-still", HTMLCanvasElement),
    byId("anchor-loupe", HTMLCanvasElement),
  );
  #taps = new CornerTaps();
  /** Where the keys are: the cross, or the corner that they move. */
  #cross: Share | null = null;
  #held: number | null = null;
  #found: Understood | null = null;
  #busy = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly page: AnchorPage,
  ) {
    this.#undo.addEventListener("click", () => {
      this.#taps.undo();
      this.#changed();
    });
    this.#set.addEventListener("click", () => void this.#send());
    this.#forget.addEventListener("click", () => void this.#forgetIt());
    this.#close.addEventListener("click", () => this.#dialog.close());
    byId("anchor-form").addEventListener("submit", (event) => event.preventDefault());
    new ResizeObserver(() => this.#draw()).observe(this.#still.canvas);
    this.#listen(this.#still.canvas);
  }

  /** Freezes the preview and asks for the corners. */
  open(): void {
    if (!this.video.videoWidth) return;
    this.#still.freeze(this.video);
    this.#taps = new CornerTaps();
    this.#cross = this.#held = null;
    this.#dialog.showModal();
    this.#changed();
  }

  #listen(canvas: HTMLCanvasElement): void {
    canvas.addEventListener("pointerdown", (event) => {
      const share = this.#shareAt(event);
      if (!share || this.#busy || event.button !== 0) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      canvas.focus({ preventScroll: true });
      this.#cross = null;
      const reach = event.pointerType === "mouse" ? REACH / 2 : REACH;
      this.#held = this.#taps.near(share, this.#still.placed!, reach);
      if (this.#held !== null) this.#taps.remember();
      else if (!this.#taps.complete) {
        this.#taps.place(share);
        this.#held = this.#taps.corners.length - 1;
      }
      this.#hold(share);
    });
    canvas.addEventListener("pointermove", (event) => {
      const share = this.#shareAt(event);
      if (share && canvas.hasPointerCapture(event.pointerId)) this.#hold(share);
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      canvas.addEventListener(end, () => {
        this.#still.magnify(null);
        this.#held = null;
        this.#changed();
      });
    }
    canvas.addEventListener("keydown", (event) => this.#onKey(event));
    canvas.addEventListener("blur", () => {
      this.#cross = null;
      this.#still.magnify(null);
      this.#draw();
    });
  }

  /** Moves the corner that is held to where the finger is. */
  #hold(share: Share): void {
    if (this.#held === null) return;
    this.#taps.move(this.#held, share);
    this.#found = null;
    this.#draw();
    this.#still.magnify(this.#taps.corners[this.#held]!);
  }

  /** Arrow keys move a cross and Enter taps there; 1 to 4 take a tapped corner to move. */
  #onKey(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key];
    const chosen = Number(event.key) - 1;
    if (this.#busy) return;
    if (arrow) {
      const step = event.shiftKey ? STEP_PX.coarse : STEP_PX.fine;
      const from = this.#cross ?? this.#taps.corners.at(-1) ?? { x: 0.5, y: 0.5 };
      this.#cross = {
        x: clamp(from.x + (arrow[0] * step) / this.#still.width),
        y: clamp(from.y + (arrow[1] * step) / this.#still.height),
      };
      if (this.#held !== null) this.#taps.move(this.#held, this.#cross);
    } else if (event.key === "Enter" || event.key === " ") {
      if (this.#held === null) this.#taps.place(this.#cross ?? { x: 0.5, y: 0.5 });
      this.#held = null;
    } else if (event.key === "Backspace") {
      this.#held = null;
      this.#taps.undo();
    } else if (this.#taps.corners[chosen]) {
      this.#taps.remember();
      this.#held = chosen;
      this.#cross = this.#taps.corners[chosen]!;
    } else {
      return;
    }
    event.preventDefault();
    this.#changed();
    this.#still.magnify(this.#cross);
  }

  #shareAt(event: PointerEvent): Share | null {
    const placed = this.#still.placed;
    if (!placed) return null;
    const box = this.#still.canvas.getBoundingClientRect();
    return toPicture(placed, { x: event.clientX - box.left, y: event.clientY - box.top });
  }

  /** Something was tapped, corrected or chosen: what the bridge said holds no more. */
  #changed(): void {
    this.#found = null;
    this.#say(null);
    this.#show();
  }

  #show(): void {
    const { next, complete, canUndo, corners } = this.#taps;
    this.#undo.disabled = !canUndo || this.#busy;
    this.#set.disabled = !complete || this.#busy || this.#found !== null;
    this.#forget.hidden = !this.page.known();
    this.#dialog.dataset.found = `${this.#found !== null}`;
    setText(this.#close, this.#found ? "Done" : "Close");
    setText(this.#set, this.#busy ? "Asking the bridge" : "Set");
    const step = this.#found
      ? describe(this.#found)
      : next
        ? `Corner ${corners.length + 1} of 4: tap the ${next} one, as the player sees it.`
        : this.#held !== null
          ? `Moving the ${CORNERS[this.#held]} corner.`
          : "Drag a corner to correct it, then press Set.";
    setText(byId("anchor-step"), step);
    document.querySelectorAll(".order-corner").forEach((corner, which) => {
      corner.classList.toggle("now", which === corners.length);
      corner.classList.toggle("done", which < corners.length);
    });
    this.#draw();
  }

  #draw(): void {
    if (!this.#dialog.open) return;
    this.#still.draw(this.#taps.corners, this.#found?.lines ?? [], this.#cross);
  }

  #say(words: string | null): void {
    this.#said.hidden = words === null;
    if (words !== null) setText(this.#said, words);
  }

  async #send(): Promise<void> {
    const named = this.#form.name;
    if ("wrong" in named) {
      this.#say(named.wrong);
      return;
    }
    const { width, height } = this.#still;
    await this.#ask(async () => {
      this.#found = await setAnchor(this.#target, {
        view: this.page.view(),
        instrument: named.name,
        size_px: [width, height],
        corners_px: this.#taps.corners.map(({ x, y }) => [x * width, y * height]),
      });
      const notes = this.#found.notes.map((note) => `Note: ${note}.`).join(" ");
      this.#say(notes || null);
    });
  }

  async #forgetIt(): Promise<void> {
    await this.#ask(async () => {
      await forgetAnchor(this.#target);
      this.#dialog.close();
    });
  }

  get #target(): { bridge: string; room: string; token: string | null } {
    return { bridge: this.page.bridge(), room: this.page.room, token: this.page.token };
  }

  async #ask(work: () => Promise<void>): Promise<void> {
    this.#busy = true;
    this.#say(null);
    this.#show();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof AnchorError)) throw error;
      this.#say(error.message);
    } finally {
      this.#busy = false;
      this.#show();
    }
  }
}

function clamp(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}
