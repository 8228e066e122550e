/** What is sent, as the browser measures it. */
export interface Sent {
  fps: number;
  width: number;
  height: number;
  megabits: number;
  codec: string;
  /** Pictures a second that the camera gives; null where the browser does not tell. */
  cameraFps: number | null;
  /** Why less is sent than could be: "none", "cpu", "bandwidth" or "other". */
  limit: string;
}

/** Reads a sender's statistics; rates are over the time between two readings. */
export class SentStats {
  #last: { bytes: number; timestampMs: number } | null = null;

  /** What is sent now, null while nothing is. */
  read(report: Iterable<[string, any]> | null): Sent | null {
    const entries = new Map(report ?? []);
    const video = [...entries.values()].find(
      ({ type, kind, frameWidth }) => type === "outbound-rtp" && kind === "video" && frameWidth,
    );
    if (!video) {
      this.#last = null;
      return null;
    }
    const last = this.#last;
    this.#last = { bytes: video.bytesSent, timestampMs: video.timestamp };
    const elapsedMs = last ? video.timestamp - last.timestampMs : 0;
    return {
      fps: video.framesPerSecond ?? 0,
      width: video.frameWidth,
      height: video.frameHeight,
      // bits per millisecond are kilobits per second
      megabits: last && elapsedMs > 0 ? ((video.bytesSent - last.bytes) * 8) / elapsedMs / 1000 : 0,
      codec: entries.get(video.codecId)?.mimeType?.replace("video/", "") ?? "",
      cameraFps: entries.get(video.mediaSourceId)?.framesPerSecond ?? null,
      limit: video.qualityLimitationReason ?? "none",
    };
  }
}
