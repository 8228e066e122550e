/** The room pages use when the address names none. */
export const DEFAULT_ROOM = "lesson";

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Whether a room or a view may be called this (bridge/protocol/names.py). */
export function isName(text: string): boolean {
  return NAME.test(text);
}

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
