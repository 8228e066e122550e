/** Label of the data channel on which the bridge asks for this device's clock. */
export const CLOCK_LABEL = "clock";

/**
 * The answer to a message of the clock channel, null to what is none of ours.
 *
 * The bridge's time is echoed as it was written: as a number it would lose nanoseconds.
 *
 * @param wallNs this device's wall clock at the message's arrival.
 */
export function answerClock(text: unknown, wallNs: bigint): string | null {
  if (typeof text !== "string" || text.length > 512) return null;
  let type: unknown;
  try {
    type = JSON.parse(text)?.type;
  } catch {
    return null;
  }
  const t0 = /"t0_ns"\s*:\s*(\d{1,19})\s*[,}]/.exec(text)?.[1];
  return type === "ping" && t0 ? `{"type":"pong","t0_ns":${t0},"t1_ns":${wallNs}}` : null;
}

/** This device's wall clock in nanoseconds: that of its RTCP sender reports. */
export function wallClockNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}

/** Opens the channel; it answers by itself. To be called before the offer is made. */
export function openClockChannel(peer: RTCPeerConnection): void {
  // A late answer is worthless, so none is repeated.
  const channel = peer.createDataChannel(CLOCK_LABEL, { ordered: false, maxRetransmits: 0 });
  channel.addEventListener("message", ({ data }) => {
    const answer = answerClock(data, wallClockNs());
    if (answer !== null && channel.readyState === "open") channel.send(answer);
  });
}
