/** What the front page needs of the bridge's `/health`. */
export interface RoomSummary {
  name: string;
  /** Names of the views that are live. */
  live: string[];
  poseRateHz: number;
}

/** Whether rooms ask for a token: then the bridge tells strangers of none. */
export function asksForTokens(health: unknown): boolean {
  return (health as { access?: unknown } | null)?.access === "token";
}

/** Reads `/health`; whatever is not as expected is left out. */
export function readHealth(health: unknown): RoomSummary[] {
  const rooms = (health as { rooms?: Record<string, any> } | null)?.rooms;
  if (typeof rooms !== "object" || rooms === null) return [];
  return Object.entries(rooms).map(([name, room]) => readRoom(name, room));
}

/** Reads one room of `/health`, or the answer of `/rooms/{room}`. */
export function readRoom(name: string, room: any): RoomSummary {
  return {
    name,
    live: (Array.isArray(room?.views) ? room.views : [])
      .filter((view: any) => view?.live === true)
      .map((view: any) => String(view.view)),
    poseRateHz: Number(room?.pose_rate_hz) || 0,
  };
}

/** A room's state in one line. */
export function factsOf({ live, poseRateHz }: RoomSummary): string {
  if (live.length === 0) return "no device is publishing";
  const views = `${live.join(", ")} live`;
  return poseRateHz > 0 ? `${views} · ${poseRateHz.toFixed(0)} poses/s` : `${views} · no hands yet`;
}
