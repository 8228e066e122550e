import type { ConnectionState, Status } from "../protocol/index.js";
import type { Notice } from "../ui/notice_card.js";
import { type Problem, needsToken, paragraph, roomFull, wrongToken } from "../ui/problems.js";

export interface NoticeInput {
  room: string;
  connection: ConnectionState;
  status: Status | null;
  /** Why the stage cannot be drawn at all, if so. */
  failure: Notice | null;
  /** A token was shown to the bridge. */
  hadToken?: boolean;
  /** A recording is loaded, so hands come from it. */
  lesson?: boolean;
  /** Hands are on the stage, or were a moment ago. */
  handsSeen: boolean;
}

/** Plain words for where the viewer stands, or null while it simply shows hands. */
export function noticeFor({
  room,
  connection,
  status,
  failure,
  handsSeen,
  hadToken = false,
  lesson = false,
}: NoticeInput): Notice | null {
  if (failure) return failure;
  switch (connection.kind) {
    case "connecting":
      return { title: "Connecting", text: "Looking for the bridge." };
    case "waiting_for_room":
      return {
        title: `Waiting for room “${room}”`,
        text: "It opens as soon as a device publishes to it. This page then starts by itself.",
        action: capture(room),
      };
    case "reconnecting":
      if (/ is full$/.test(connection.reason)) {
        return { ...ofProblem(roomFull(room, "watcher")), action: { label: "Try now", retry: true } };
      }
      return {
        title: "Connection lost",
        text: `${sentence(connection.reason)} Trying again by itself.`,
        action: { label: "Try now", retry: true },
      };
    case "refused":
      if (connection.code !== "unsupported_version") {
        return ofProblem(
          connection.code === "unauthorised" && !hadToken
            ? needsToken(room)
            : wrongToken(room, connection.reason),
        );
      }
      return {
        title: "This page is too old or too new for the bridge",
        text: `${sentence(connection.reason)} Reload the page; if it stays, update the bridge.`,
      };
    case "closed":
      return { title: "Closed", text: "Reload the page to watch again." };
    case "open":
      if (handsSeen) return null;
      if (!status) return { title: "Connected", text: "Waiting for news of the room." };
      if (lesson) return null;
      if (!status.views.some(({ live }) => live)) {
        return {
          title: "No device is publishing yet",
          text: "Open /capture on a phone or tablet, point it at the hands and press Start.",
          action: capture(room),
        };
      }
      return {
        title: "No hands in sight",
        text: "Hold a hand where the cameras see it.",
        hint: true,
      };
  }
}

/** A problem that every page tells in the same words. */
export function ofProblem(problem: Problem): Notice {
  const notice = { title: problem.title, text: paragraph(problem) };
  return problem.link ? { ...notice, action: problem.link } : notice;
}

function capture(room: string): { label: string; href: string } {
  return { label: "Capture with this device", href: `/capture?room=${room}` };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}
