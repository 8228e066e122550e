const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Whether a room or a view may be called this, as bridge/protocol/names.py. */
export function isName(text: string): boolean {
  return NAME.test(text);
}
