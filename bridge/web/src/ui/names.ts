import { isName } from "../protocol/index.js";

/** The room pages use when the address names none. */
export const DEFAULT_ROOM = "lesson";

/** The nearest allowed name to what somebody typed, or null where nothing is left of it. */
export function toName(text: string): string | null {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 32)
    .replace(/-+$/, "");
  return isName(name) ? name : null;
}

/** The room an address asks for. */
export function roomFrom(search: URLSearchParams): string {
  return toName(search.get("room") ?? "") ?? DEFAULT_ROOM;
}
