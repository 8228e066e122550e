import {
  CanvasTexture,
  LinearFilter,
  Mesh,
  MeshBasicMaterial,
  PlaneGeometry,
  SRGBColorSpace,
} from "three";

import type { Corner } from "./calibration.js";
import { drawCorner } from "./corner_diagram.js";
import type { Area } from "./poke.js";

/** What a panel says. */
export interface PanelContent {
  title: string;
  lines?: readonly string[];
  buttons?: readonly PanelButton[];
  /** 0 to 1: drawn as a bar. */
  progress?: number;
  tone?: "plain" | "warn";
  /** A corner of a keyboard, seen from above, that is pointed out beside the words. */
  corner?: Corner;
}

export interface PanelButton extends Area {
  label: string;
  pressed?: boolean;
}

export interface PanelSize {
  widthM: number;
  heightM: number;
  /** Of text, metres: at arm's length 10 mm are a degree. */
  textM: number;
}

const PIXELS_PER_M = 1900;
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
const COLORS = {
  back: "rgba(16, 22, 33, 0.94)",
  line: "#3a4a63",
  warn: "#f0b23e",
  text: "#f2f6fc",
  soft: "#b7c3d6",
  button: "#26344a",
  hovered: "#3d5678",
  pressed: "#7cc4f5",
  onPressed: "#06121d",
};

/** A panel of words and buttons in the room, drawn on a canvas whenever its content changes. */
export class TextPanel {
  readonly object: Mesh;
  readonly #canvas = document.createElement("canvas");
  readonly #texture: CanvasTexture;
  #content: PanelContent = { title: "" };
  #drawn = "";
  #hovered: string | null = null;

  constructor(readonly size: PanelSize) {
    this.#canvas.width = Math.round(size.widthM * PIXELS_PER_M);
    this.#canvas.height = Math.round(size.heightM * PIXELS_PER_M);
    this.#texture = new CanvasTexture(this.#canvas);
    this.#texture.colorSpace = SRGBColorSpace;
    this.#texture.minFilter = LinearFilter;
    this.#texture.generateMipmaps = false;
    this.object = new Mesh(
      new PlaneGeometry(size.widthM, size.heightM),
      new MeshBasicMaterial({ map: this.#texture, transparent: true, toneMapped: false }),
    );
    // Words lie over ghosts, never under them.
    this.object.renderOrder = 10;
    this.object.visible = false;
  }

  get areas(): readonly PanelButton[] {
    return this.#content.buttons ?? [];
  }

  /** All that the panel says, for tests and for the page's own live region. */
  get words(): string {
    const { title, lines = [] } = this.#content;
    return [title, ...lines].filter(Boolean).join(" ");
  }

  show(content: PanelContent | null): void {
    this.object.visible = content !== null;
    if (content) this.#content = content;
    this.#draw();
  }

  /** Lights the button that a fingertip is over. */
  hover(id: string | null): void {
    if (id === this.#hovered) return;
    this.#hovered = id;
    this.#draw();
  }

  #draw(): void {
    if (!this.object.visible) return;
    const key = `${JSON.stringify(this.#content)}${this.#hovered}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    const { width, height } = this.#canvas;
    const g = this.#canvas.getContext("2d")!;
    const { title, lines = [], buttons = [], progress, tone = "plain" } = this.#content;
    const text = this.size.textM * PIXELS_PER_M;
    const pad = text * 0.9;
    g.clearRect(0, 0, width, height);
    box(
      g,
      3,
      3,
      width - 6,
      height - 6,
      text,
      COLORS.back,
      tone === "warn" ? COLORS.warn : COLORS.line,
    );

    g.textBaseline = "top";
    g.textAlign = "left";
    let y = pad;
    if (title) {
      g.fillStyle = tone === "warn" ? COLORS.warn : COLORS.text;
      y = paragraph(g, title, `650 ${text * 1.2}px ${FONT}`, text * 1.2, pad, y, width - 2 * pad);
      y += text * 0.35;
    }
    g.fillStyle = COLORS.soft;
    for (const line of lines) {
      y = paragraph(g, line, `450 ${text}px ${FONT}`, text, pad, y, width - 2 * pad) + text * 0.2;
    }
    if (this.#content.corner) {
      drawCorner(g, this.#content.corner, width / 2 - text * 6, pad + text * 6.5, text * 12);
    }
    if (progress !== undefined) {
      const barY = height - pad - text * 0.5;
      box(g, pad, barY, width - 2 * pad, text * 0.5, text * 0.25, COLORS.button);
      const filled = (width - 2 * pad) * progress;
      if (filled > text * 0.5) {
        box(g, pad, barY, filled, text * 0.5, text * 0.25, COLORS.pressed);
      }
    }
    for (const button of buttons) this.#button(g, button, text);
    this.#texture.needsUpdate = true;
  }

  #button(g: CanvasRenderingContext2D, button: PanelButton, text: number): void {
    const w = button.widthM * PIXELS_PER_M;
    const h = button.heightM * PIXELS_PER_M;
    const x = (this.size.widthM / 2 + button.xM) * PIXELS_PER_M - w / 2;
    const y = (this.size.heightM / 2 - button.yM) * PIXELS_PER_M - h / 2;
    const hovered = this.#hovered === button.id;
    const fill = button.pressed ? COLORS.pressed : hovered ? COLORS.hovered : COLORS.button;
    box(g, x, y, w, h, text * 0.6, fill, hovered ? COLORS.text : COLORS.line);
    g.fillStyle = button.pressed ? COLORS.onPressed : COLORS.text;
    g.textAlign = "center";
    g.textBaseline = "middle";
    const lines = button.label.split("\n");
    const size = Math.min(text, h / (lines.length * 1.4));
    g.font = `600 ${size}px ${FONT}`;
    lines.forEach((line, i) => {
      g.fillText(line, x + w / 2, y + h / 2 + (i - (lines.length - 1) / 2) * size * 1.15, w * 0.94);
    });
  }

  dispose(): void {
    this.#texture.dispose();
    this.object.geometry.dispose();
    (this.object.material as MeshBasicMaterial).dispose();
  }
}

function box(
  g: CanvasRenderingContext2D,
  x: number,
  y: number,
  w: number,
  h: number,
  radius: number,
  fill: string,
  line?: string,
): void {
  const r = Math.min(radius, w / 2, h / 2);
  g.beginPath();
  g.moveTo(x + r, y);
  g.arcTo(x + w, y, x + w, y + h, r);
  g.arcTo(x + w, y + h, x, y + h, r);
  g.arcTo(x, y + h, x, y, r);
  g.arcTo(x, y, x + w, y, r);
  g.closePath();
  g.fillStyle = fill;
  g.fill();
  if (!line) return;
  g.lineWidth = 4;
  g.strokeStyle = line;
  g.stroke();
}

/** Writes words in lines that fit; returns where the next paragraph begins. */
function paragraph(
  g: CanvasRenderingContext2D,
  words: string,
  font: string,
  size: number,
  x: number,
  y: number,
  width: number,
): number {
  g.font = font;
  let line = "";
  for (const word of words.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && g.measureText(longer).width > width) {
      g.fillText(line, x, y);
      y += size * 1.3;
      line = word;
    } else {
      line = longer;
    }
  }
  g.fillText(line, x, y);
  return y + size * 1.3;
}
