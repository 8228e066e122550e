using System.Text;

namespace GhostHands.Core
{
    /// <summary>
    /// Finds the joint that a bone of somebody else's hand model is, by its name: as in Unity's XR Hands
    /// samples (<c>L_IndexProximal</c>), in WebXR's generic hands (<c>index-finger-phalanx-proximal</c>), or
    /// as OpenXR calls it (<c>index_proximal</c>).
    /// </summary>
    public static class BoneNames
    {
        private static readonly string[] Ignored = { "left", "right", "hand", "finger", "phalanx", "xr", "joint" };
        private static readonly string[] Plain = System.Array.ConvertAll(
            ToArray(), name => name.Replace("_", ""));

        /// <summary>The joint of a name, 0 to 25 in OpenXR's order; -1 where it is none.</summary>
        public static int Find(string name)
        {
            string plain = Simple(name ?? "");
            for (int joint = 0; joint < Plain.Length; joint++)
            {
                if (plain == Plain[joint]) return joint;
            }
            return -1;
        }

        private static string Simple(string name)
        {
            string text = name.Trim();
            // Rigs of two hands tell them apart by a letter in front, or behind.
            if (text.Length > 2 && "LRlr".IndexOf(text[0]) >= 0 && "_-.".IndexOf(text[1]) >= 0) text = text.Substring(2);
            int last = text.Length - 1;
            if (last > 1 && "LRlr".IndexOf(text[last]) >= 0 && "_-.".IndexOf(text[last - 1]) >= 0)
                text = text.Substring(0, last - 1);
            var letters = new StringBuilder();
            foreach (char c in text.ToLowerInvariant())
            {
                if (c >= 'a' && c <= 'z') letters.Append(c);
            }
            letters.Replace("pinky", "little");
            foreach (string ignored in Ignored) letters.Replace(ignored, "");
            return letters.ToString();
        }

        private static string[] ToArray()
        {
            var names = new string[JointOrders.OpenXRNames.Count];
            for (int i = 0; i < names.Length; i++) names[i] = JointOrders.OpenXRNames[i];
            return names;
        }
    }
}
