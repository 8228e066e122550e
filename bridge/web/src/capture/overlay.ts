import { type Placed, type Size, contained, sameShape, toElement } from "./placing.js";
import type { SeenHand, Sight } from "./sight.js";

/** Bones of the 21 keypoints, and the line across the palm. */
const BONES: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4],
  [0, 5, 6, 7, 8],
  [9, 10, 11, 12],
  [13, 14, 15, 16],
  [0, 17, 18, 19, 20],
  [5, 9, 13, 17],
];
/** Left and right (Okabe and Ito's sky blue and orange): told apart by all kinds of eyes. */
export const COLOURS = { left: "#56b4e9", right: "#e69f00" } as const;
const OUTLINE = "rgb(5 7 11 / 75%)";
/** A hand that the bridge has not seen for so long is not there any more. */
const STALE_MS = 600;

/** Draws the hands that the bridge sees over the preview. */
export class Overlay {
  readonly #context: CanvasRenderingContext2D;
  #sight: Sight | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly video: HTMLVideoElement,
  ) {
    this.#context = canvas.getContext("2d")!;
    new ResizeObserver(() => this.#draw()).observe(canvas);
    // The picture's shape changes when the device is turned, or sends another quality.
    video.addEventListener("resize", () => this.#draw());
  }

  /** Shows what was seen; null clears it. */
  show(sight: Sight | null): void {
    this.#sight = sight;
    clearTimeout(this.#timer);
    if (sight) this.#timer = setTimeout(() => this.show(null), STALE_MS);
    this.#draw();
  }

  #draw(): void {
    const { canvas } = this;
    const box = { width: canvas.clientWidth, height: canvas.clientHeight };
    const ratio = Math.min(devicePixelRatio || 1, 2);
    resize(canvas, box, ratio);
    const context = this.#context;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, box.width, box.height);
    const picture = { width: this.video.videoWidth, height: this.video.videoHeight };
    const placed = contained(picture, box);
    if (!placed || !this.#sight || !sameShape(this.#sight, picture)) return;
    for (const hand of this.#sight.hands) drawHand(context, placed, hand);
  }
}

/** Gives a canvas as many pixels as its place on the screen has. */
export function resize(canvas: HTMLCanvasElement, box: Size, ratio: number): void {
  const width = Math.round(box.width * ratio);
  const height = Math.round(box.height * ratio);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

function drawHand(context: CanvasRenderingContext2D, placed: Placed, hand: SeenHand): void {
  const points = hand.points.map((share) => toElement(placed, share));
  const colour = COLOURS[hand.side];
  const unit = Math.max(2, Math.min(placed.width, placed.height) / 220);
  context.lineCap = context.lineJoin = "round";
  // What the bridge is unsure of is fainter, and never gone.
  context.globalAlpha = 0.4 + 0.6 * hand.confidence;
  for (const [stroke, width] of [
    [OUTLINE, unit + 2.5],
    [colour, unit],
  ] as const) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    for (const bone of BONES) {
      context.beginPath();
      for (const joint of bone) context.lineTo(points[joint]!.x, points[joint]!.y);
      context.stroke();
    }
  }
  context.fillStyle = colour;
  for (const { x, y } of points.slice(1)) {
    context.beginPath();
    context.arc(x, y, unit, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
  label(context, points[0]!, hand.side === "left" ? "L" : "R", colour, unit);
}

/** The hand's letter at its wrist. */
function label(
  context: CanvasRenderingContext2D,
  { x, y }: { x: number; y: number },
  letter: string,
  colour: string,
  unit: number,
): void {
  const radius = Math.max(9, 4 * unit);
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = OUTLINE;
  context.stroke();
  context.fillStyle = "#06121d";
  context.font = `700 ${Math.round(1.3 * radius)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(letter, x, y + radius * 0.07);
}
