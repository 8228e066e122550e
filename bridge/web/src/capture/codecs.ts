/** The part of RTCRtpCodec that decides the order. */
interface Codec {
  mimeType: string;
  sdpFmtpLine?: string;
}

/** Codecs that the bridge decodes, best first: phones encode H.264 in hardware. */
export const PREFERRED = ["H264", "VP8"];

/** Constrained baseline, in packets of any size (RFC 6184, section 8.1): what the bridge takes. */
function isBaseline({ sdpFmtpLine = "" }: Codec): boolean {
  return /profile-level-id=42/i.test(sdpFmtpLine) && /packetization-mode=1/.test(sdpFmtpLine);
}

/**
 * All codecs that a browser offers, reordered.
 *
 * The preferred ones come first, in that order, H.264 by its baseline profile; retransmission and
 * error correction keep their place behind, and codecs that the bridge does not know are left out.
 */
export function orderCodecs<T extends Codec>(
  offered: readonly T[],
  preferred: readonly string[],
): T[] {
  const rank = (codec: T): number => {
    const name = codec.mimeType.replace(/^video\//i, "").toUpperCase();
    const place = preferred.indexOf(name);
    if (place >= 0) return 2 * place + (name === "H264" && !isBaseline(codec) ? 1 : 0);
    return ["RTX", "RED", "ULPFEC", "FLEXFEC-03"].includes(name) ? 2 * preferred.length : Infinity;
  };
  return offered.filter((codec) => rank(codec) < Infinity).sort((a, b) => rank(a) - rank(b));
}

/** The order that an address asks for: `?codec=vp8` puts VP8 first. */
export function preferredFrom(search: URLSearchParams): string[] {
  const first = search.get("codec")?.toUpperCase();
  return first && PREFERRED.includes(first)
    ? [first, ...PREFERRED.filter((codec) => codec !== first)]
    : PREFERRED;
}
