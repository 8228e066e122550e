import { resize } from "../overlay.js";
import { type Placed, contained, toElement } from "../placing.js";
import type { Share } from "../sight.js";

const TAP = "#f0e442";
const LINE = "#56b4e9";
const SHADE = "rgb(5 7 11 / 80%)";
const CORNER_RADIUS = 11;
/** The loupe shows so many times the size of the still on the screen. */
const ZOOM = 3;

/** A frozen picture with the corners drawn on it, and a loupe over the place that is touched. */
export class Still {
  readonly #frozen = document.createElement("canvas");
  #placed: Placed | null = null;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly loupe: HTMLCanvasElement,
  ) {}

  /** The still's size, pixels. */
  get width(): number {
    return this.#frozen.width;
  }

  get height(): number {
    return this.#frozen.height;
  }

  /** Where it lies in the canvas. */
  get placed(): Placed | null {
    return this.#placed;
  }

  /** Keeps the picture that a video shows now. */
  freeze(video: HTMLVideoElement): void {
    this.#frozen.width = video.videoWidth;
    this.#frozen.height = video.videoHeight;
    this.#frozen.getContext("2d")!.drawImage(video, 0, 0);
  }

  /** Draws it all: corners with their numbers, the lines that the bridge understood, a cross. */
  draw(
    corners: readonly Share[],
    lines: readonly (readonly [number, number, number, number])[],
    cross: Share | null,
  ): void {
    const { canvas } = this;
    const box = { width: canvas.clientWidth, height: canvas.clientHeight };
    const ratio = Math.min(devicePixelRatio || 1, 2);
    resize(canvas, box, ratio);
    this.#placed = contained(this.#frozen, box);
    const context = canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, box.width, box.height);
    const placed = this.#placed;
    if (!placed) return;
    context.drawImage(this.#frozen, placed.left, placed.top, placed.width, placed.height);
    for (const [x1, y1, x2, y2] of lines) {
      const [from, to] = [toElement(placed, { x: x1, y: y1 }), toElement(placed, { x: x2, y: y2 })];
      stroke(context, [from, to], LINE, 1.5);
    }
    const places = corners.map((corner) => toElement(placed, corner));
    if (lines.length === 0 && places.length > 1) {
      stroke(context, places.length === 4 ? [...places, places[0]!] : places, TAP, 1.5);
    }
    places.forEach((place, which) => mark(context, place, String(which + 1)));
    if (cross) drawCross(context, toElement(placed, cross), 14);
  }

  /** Shows the loupe above a place, or below it where there is no room; null hides it. */
  magnify(share: Share | null): void {
    const { loupe } = this;
    loupe.hidden = share === null || this.#placed === null;
    if (!share || !this.#placed) return;
    const size = loupe.clientWidth || 120;
    const { x, y } = toElement(this.#placed, share);
    const above = y - size - 36;
    const left = Math.min(Math.max(x - size / 2, 4), this.canvas.clientWidth - size - 4);
    loupe.style.left = `${left}px`;
    loupe.style.top = `${above >= 4 ? above : y + 36}px`;
    const context = loupe.getContext("2d")!;
    const side = loupe.width;
    // The loupe's width in pixels of the still.
    const wide = (size / ZOOM / this.#placed.width) * this.width;
    context.imageSmoothingEnabled = false;
    context.fillStyle = "#05070b";
    context.fillRect(0, 0, side, side);
    context.drawImage(
      this.#frozen,
      share.x * this.width - wide / 2,
      share.y * this.height - wide / 2,
      wide,
      wide,
      0,
      0,
      side,
      side,
    );
    drawCross(context, { x: side / 2, y: side / 2 }, side / 2);
  }
}

function stroke(
  context: CanvasRenderingContext2D,
  points: readonly Share[],
  colour: string,
  width: number,
): void {
  for (const [style, wide] of [
    [SHADE, width + 2],
    [colour, width],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = wide;
    context.beginPath();
    for (const { x, y } of points) context.lineTo(x, y);
    context.stroke();
  }
}

/** A ring around a corner, which stays in sight, and its number beside it. */
function mark(context: CanvasRenderingContext2D, { x, y }: Share, number: string): void {
  for (const [style, width] of [
    [SHADE, 5],
    [TAP, 2.5],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, CORNER_RADIUS, 0, 2 * Math.PI);
    context.stroke();
  }
  context.font = "700 15px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 4;
  context.strokeStyle = SHADE;
  context.strokeText(number, x, y - 2.1 * CORNER_RADIUS);
  context.fillStyle = TAP;
  context.fillText(number, x, y - 2.1 * CORNER_RADIUS);
}

function drawCross(context: CanvasRenderingContext2D, { x, y }: Share, reach: number): void {
  for (const [style, width] of [
    [SHADE, 3],
    [TAP, 1.25],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      context.moveTo(x + 3 * dx, y + 3 * dy);
      context.lineTo(x + reach * dx, y + reach * dy);
    }
    context.stroke();
  }
}
