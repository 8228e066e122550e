/** What a bridge calls the learner with this session (SPEC.md, "learner_hands"). */
export async function learnerName(session: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(session));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `learner-${hex.join("").slice(0, 8)}`;
}
