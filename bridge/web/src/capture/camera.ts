import {
  NO_CAMERA_API,
  type Problem,
  cameraProblem,
  deviceOf,
  notSecure,
} from "../ui/problems.js";

/** What is asked of a camera; the browser gives the nearest it has. */
export interface Wanted {
  deviceId: string | null;
  facing: "environment" | "user";
  width: number;
  height: number;
  frameRate: number;
}

/** Choices of resolution and frame rate, the first the default. */
export const QUALITIES = [
  { id: "720p30", label: "720p, 30 fps", width: 1280, height: 720, frameRate: 30 },
  { id: "720p60", label: "720p, 60 fps", width: 1280, height: 720, frameRate: 60 },
  { id: "1080p30", label: "1080p, 30 fps", width: 1920, height: 1080, frameRate: 30 },
  { id: "1080p60", label: "1080p, 60 fps", width: 1920, height: 1080, frameRate: 60 },
  { id: "480p30", label: "480p, 30 fps", width: 640, height: 480, frameRate: 30 },
  { id: "480p15", label: "480p, 15 fps", width: 640, height: 480, frameRate: 15 },
] as const;

/** One of them. */
export type Quality = (typeof QUALITIES)[number];

/** The next quality that costs the device less; null where there is none. */
export function lowerQuality({ width, height, frameRate }: Quality): Quality | null {
  const cost = (q: Quality) => q.width * q.height * q.frameRate;
  const less = QUALITIES.filter((q) => cost(q) < width * height * frameRate);
  return less.sort((a, b) => cost(b) - cost(a))[0] ?? null;
}

/** Why there is no picture, in plain words with the next step. */
export class CameraError extends Error {
  override readonly name = "CameraError";

  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

/** Whether the page may use a camera without asking. */
export async function alreadyAllowed(): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: "camera" as PermissionName });
    return state === "granted";
  } catch {
    return false; // Firefox does not know this permission by name: then it asks.
  }
}

/** Opens a camera. @throws CameraError */
export async function openCamera(wanted: Wanted): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    throw new CameraError(isSecureContext ? NO_CAMERA_API : notSecure(location));
  }
  const { deviceId, facing, width, height, frameRate } = wanted;
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        ...(deviceId ? { deviceId: { exact: deviceId } } : { facingMode: { ideal: facing } }),
        width: { ideal: width },
        height: { ideal: height },
        frameRate: { ideal: frameRate },
      },
    });
  } catch (error) {
    throw new CameraError(cameraProblem(error as Error, deviceOf(navigator)));
  }
}

/** The cameras with their names, which browsers tell only once one of them was allowed. */
export async function listCameras(): Promise<MediaDeviceInfo[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter(({ kind }) => kind === "videoinput");
}
