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
  { id: "480p30", label: "480p, 30 fps", width: 640, height: 480, frameRate: 30 },
] as const;

/** Why there is no picture, in plain words with the next step. */
export class CameraError extends Error {
  override readonly name = "CameraError";

  constructor(
    readonly title: string,
    message: string,
  ) {
    super(message);
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
    throw isSecureContext
      ? new CameraError("No camera in this browser", "Open this page in Safari, Chrome or Firefox.")
      : new CameraError(
          "The page is not secure",
          "Browsers lend the camera only to https pages. Open the same address with https:// in front.",
        );
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
    throw explain(error as Error);
  }
}

/** The cameras with their names, which browsers tell only once one of them was allowed. */
export async function listCameras(): Promise<MediaDeviceInfo[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter(({ kind }) => kind === "videoinput");
}

/** What an error of getUserMedia means to the user. */
export function explain(error: { name: string; message: string }): CameraError {
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return new CameraError(
        "The camera was refused",
        "Allow the camera for this page: tap the lock or camera sign beside the address, then press Start again.",
      );
    case "NotFoundError":
      return new CameraError("No camera found", "Plug one in, or open this page on a phone.");
    case "NotReadableError":
    case "AbortError":
      return new CameraError(
        "The camera is busy",
        "Another app or tab uses it. Close that, then press Start again.",
      );
    case "OverconstrainedError":
      return new CameraError("This camera is gone", "Choose another camera, then press Start.");
    default:
      return new CameraError("The camera does not start", `${error.name}: ${error.message}`);
  }
}
