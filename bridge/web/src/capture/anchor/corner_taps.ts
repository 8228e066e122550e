/** Four corners as they are tapped, corrected and undone. No DOM. */

import type { Share } from "../sight.js";

/** The order in which the bridge takes them (bridge/model/anchor/taps.py). */
export const CORNERS = ["front left", "front right", "back right", "back left"] as const;

/** What is asked for next, and all that was tapped so far, in shares of the picture. */
export class CornerTaps {
  #corners: Share[] = [];
  #before: Share[][] = [];

  get corners(): readonly Share[] {
    return this.#corners;
  }

  /** The corner to tap next; null once all four are there. */
  get next(): (typeof CORNERS)[number] | null {
    return CORNERS[this.#corners.length] ?? null;
  }

  get complete(): boolean {
    return this.next === null;
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  /** Taps the next corner; nothing once all are there. */
  place(share: Share): void {
    if (this.complete) return;
    this.remember();
    this.#corners = [...this.#corners, inPicture(share)];
  }

  /** Begins a move that `undo` takes back as one. */
  remember(): void {
    this.#before = [...this.#before.slice(-63), this.#corners];
  }

  /** Moves a corner that was tapped. */
  move(which: number, share: Share): void {
    this.#corners = this.#corners.map((corner, at) => (at === which ? inPicture(share) : corner));
  }

  /** Takes back the last tap or move. */
  undo(): void {
    const before = this.#before.pop();
    if (before) this.#corners = before;
  }

  /** The corner within reach of a place, the nearest; null for none. Reach and sizes in pixels. */
  near(share: Share, size: { width: number; height: number }, reach: number): number | null {
    const distances = this.#corners.map(({ x, y }) =>
      Math.hypot((x - share.x) * size.width, (y - share.y) * size.height),
    );
    const nearest = Math.min(...distances);
    return nearest <= reach ? distances.indexOf(nearest) : null;
  }
}

function inPicture({ x, y }: Share): Share {
  return { x: Math.min(Math.max(x, 0), 1), y: Math.min(Math.max(y, 0), 1) };
}
