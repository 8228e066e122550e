using GhostHands.Core;
using UnityEngine;

namespace GhostHands
{
    /// <summary>
    /// How a ghost is drawn: first its depth alone, then its translucent front. Without the first, fingers behind
    /// fingers would shine through. Materials are a hand's own; a frame sets numbers in them and makes nothing.
    /// </summary>
    internal sealed class GhostLook
    {
        private const float Hidden = 0.004f;

        // One property a finger, for a block of arrays would cost either pipeline its batches.
        private static readonly int[] Fingers =
        {
            Shader.PropertyToID("_Thumb"), Shader.PropertyToID("_Index"), Shader.PropertyToID("_Middle"),
            Shader.PropertyToID("_Ring"), Shader.PropertyToID("_Little"),
        };

        private static readonly int OpacityId = Shader.PropertyToID("_Opacity");
        private static readonly int ColorId = Shader.PropertyToID("_Color");
        private static readonly int RimId = Shader.PropertyToID("_Rim");

        private readonly Renderer _renderer;
        private readonly Color _color;
        private readonly Material _depth;
        private readonly Material _ghost;
        private readonly bool _own;

        /// <summary>Makes it.</summary>
        /// <param name="renderer">What is drawn; null for nothing.</param>
        /// <param name="own">Materials are made; otherwise the renderer has its own.</param>
        /// <param name="ghost">Shader; null for the package's.</param>
        /// <param name="depth">Shader of the depth alone; null for the package's.</param>
        /// <param name="color">The hand's colour.</param>
        /// <param name="rim">Colour of its silhouette.</param>
        internal GhostLook(Renderer renderer, bool own, Shader ghost, Shader depth, Color color, Color rim)
        {
            _renderer = renderer;
            _color = color;
            _own = own;
            if (own)
            {
                _ghost = Material(ghost, "GhostHands/Ghost");
                _depth = Material(depth, "GhostHands/GhostDepth");
                // A mesh of one part is drawn once with each material, in the order of their queues.
                bool both = _ghost != null && _depth != null;
                _renderer.sharedMaterials = both ? new[] { _depth, _ghost } : new Material[0];
            }
            else if (renderer != null)
            {
                _ghost = renderer.material;
            }
            if (_ghost == null) return;
            _ghost.SetColor(ColorId, color);
            _ghost.SetColor(RimId, rim);
            for (int finger = 0; finger < Fingers.Length; finger++) SetFinger(finger, LiveFeedback.Unknown);
        }

        internal float Opacity { get; private set; }

        internal void SetOpacity(float opacity)
        {
            Opacity = Mathf.Clamp01(opacity);
            bool shown = Opacity > Hidden;
            if (_renderer != null && _renderer.enabled != shown) _renderer.enabled = shown;
            if (_ghost != null && shown) _ghost.SetFloat(OpacityId, Opacity);
        }

        internal void SetFinger(int finger, double closeness)
        {
            if (_ghost == null) return;
            Color shown = _color;
            if (closeness >= 0)
            {
                FingerColor of = FingerColor.Of(closeness);
                shown = new Color(of.R, of.G, of.B);
            }
            _ghost.SetColor(Fingers[finger], shown);
        }

        internal void Destroy()
        {
            if (_ghost != null) UnityEngine.Object.Destroy(_ghost);
            if (_own && _depth != null) UnityEngine.Object.Destroy(_depth);
        }

        private static Material Material(Shader given, string resource)
        {
            // From Resources, so that a build has it although nothing in a scene refers to it.
            Shader shader = given != null ? given : Resources.Load<Shader>(resource);
            if (shader != null) return new Material(shader);
            Debug.LogError($"GhostHands: the shader {resource} is missing: import the package again");
            return null;
        }
    }
}
