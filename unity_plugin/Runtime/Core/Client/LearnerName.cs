using System.Security.Cryptography;
using System.Text;

namespace GhostHands.Core
{
    /// <summary>What a bridge calls a learner (SPEC.md, "learner_hands").</summary>
    public static class LearnerName
    {
        /// <summary>The name that goes with a welcome's <c>session</c>; null for none.</summary>
        public static string Of(string session)
        {
            if (session == null) return null;
            var name = new StringBuilder("learner-");
            using (SHA256 sha = SHA256.Create())
            {
                byte[] digest = sha.ComputeHash(Encoding.UTF8.GetBytes(session));
                for (int i = 0; i < 4; i++) name.Append(digest[i].ToString("x2"));
            }
            return name.ToString();
        }
    }
}
