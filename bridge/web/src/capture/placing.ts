/** Where a picture lies in the element that shows it (`object-fit: contain`), and back. */

import type { Share } from "./sight.js";

export interface Size {
  width: number;
  height: number;
}

/** The rectangle of a picture in its element, CSS pixels. */
export interface Placed extends Size {
  left: number;
  top: number;
}

/** Where a picture of this size lies in the middle of a box; null while one of them has no size. */
export function contained(picture: Size, box: Size): Placed | null {
  if (!(picture.width > 0 && picture.height > 0 && box.width > 0 && box.height > 0)) return null;
  const scale = Math.min(box.width / picture.width, box.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
}

/** Where a share of the picture lies in the element. */
export function toElement(placed: Placed, { x, y }: Share): Share {
  return { x: placed.left + x * placed.width, y: placed.top + y * placed.height };
}

/** The share of the picture at a place in the element; outside of it, below 0 or above 1. */
export function toPicture(placed: Placed, { x, y }: Share): Share {
  return { x: (x - placed.left) / placed.width, y: (y - placed.top) / placed.height };
}

/** Whether two pictures are of one shape: not while the device is being turned. */
export function sameShape(one: Size, other: Size): boolean {
  if (!(one.width > 0 && one.height > 0 && other.width > 0 && other.height > 0)) return false;
  return Math.abs(Math.log((one.width * other.height) / (one.height * other.width))) < 0.03;
}
