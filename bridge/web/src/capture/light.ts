/** How light the preview is: the mean over a picture of a few pixels. */
const SIDE = 24;

/** Mean luminance (ITU-R BT.709) of RGBA pixels, 0 to 1. */
export function meanLuminance(pixels: Uint8ClampedArray): number {
  let sum = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    sum += 0.2126 * pixels[at]! + 0.7152 * pixels[at + 1]! + 0.0722 * pixels[at + 2]!;
  }
  return pixels.length === 0 ? 0 : sum / (pixels.length / 4) / 255;
}

/** Measures a video now and then; it costs a copy of 24 x 24 pixels. */
export class LightMeter {
  readonly #context: CanvasRenderingContext2D;

  constructor(private readonly video: HTMLVideoElement) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIDE;
    this.#context = canvas.getContext("2d", { willReadFrequently: true })!;
  }

  /** 0 to 1; null while there is no picture. */
  read(): number | null {
    if (this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    this.#context.drawImage(this.video, 0, 0, SIDE, SIDE);
    return meanLuminance(this.#context.getImageData(0, 0, SIDE, SIDE).data);
  }
}
