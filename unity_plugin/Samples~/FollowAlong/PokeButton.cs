using System;
using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;

namespace GhostHands.Samples
{
    /// <summary>A button in the room that an index fingertip presses.</summary>
    public sealed class PokeButton : MonoBehaviour
    {
        private const float ThickM = 0.01f;

        private readonly PokeDetector _poke = new PokeDetector();
        private LearnerHands _hands;
        private TextMesh _label;
        private Renderer _plate;
        private Vector2 _sizeM;
        private Action _pressed;
        private string _text;

        /// <summary>A finger is over it.</summary>
        public bool Hovered => isActiveAndEnabled && _poke.Hovered;

        /// <summary>Makes a button.</summary>
        /// <param name="parent">What it is on; its z is away from the person.</param>
        /// <param name="place">Where on it, metres.</param>
        /// <param name="sizeM">Width and height, metres.</param>
        /// <param name="hands">Whose fingers press.</param>
        public static PokeButton Make(Transform parent, Vector3 place, Vector2 sizeM, LearnerHands hands)
        {
            GameObject plate = GameObject.CreatePrimitive(PrimitiveType.Cube);
            Destroy(plate.GetComponent<Collider>());
            var button = new GameObject("Button").AddComponent<PokeButton>();
            button.transform.SetParent(parent, false);
            button.transform.localPosition = place;
            plate.transform.SetParent(button.transform, false);
            plate.transform.localPosition = new Vector3(0f, 0f, ThickM / 2);
            plate.transform.localScale = new Vector3(sizeM.x, sizeM.y, ThickM);
            button._plate = plate.GetComponent<Renderer>();
            // One colour without light, in either pipeline: a cube's own material depends on it.
            button._plate.material = new Material(Resources.Load<Shader>("GhostHands/Outline"));
            button._label = Label(button.transform, new Vector3(0f, 0f, -0.002f), 0.012f, TextAnchor.MiddleCenter);
            button._sizeM = sizeM;
            button._hands = hands;
            return button;
        }

        /// <summary>Text in the room, so high, metres.</summary>
        public static TextMesh Label(Transform parent, Vector3 place, float heightM, TextAnchor anchor)
        {
            var label = new GameObject("Text").AddComponent<TextMesh>();
            label.transform.SetParent(parent, false);
            label.transform.localPosition = place;
            label.font = Resources.GetBuiltinResource<Font>("LegacyRuntime.ttf");
            label.GetComponent<MeshRenderer>().sharedMaterial = label.font.material;
            label.fontSize = 64;
            label.characterSize = heightM * 10f / 64f;
            label.anchor = anchor;
            return label;
        }

        /// <summary>What it says and does; null to hide it.</summary>
        public void Show(string text, Action pressed)
        {
            _pressed = pressed;
            gameObject.SetActive(text != null);
            if (text == null || text == _text) return;
            _text = text;
            _label.text = text;
        }

        private void Update()
        {
            _poke.Begin();
            bool pressed = Take(Side.Left) | Take(Side.Right);
            _plate.material.color = _poke.Hovered ? new Color(0.25f, 0.45f, 0.6f) : new Color(0.12f, 0.16f, 0.2f);
            if (pressed && _pressed != null) _pressed();
        }

        private bool Take(Side side)
        {
            HeadsetHand hand = _hands.Hand(side);
            Position tip = Coordinates.OpenXRToUnity(hand.Tip);
            // Hands are in the tracking space, in which the panel is.
            Vector3 world = transform.parent.parent.TransformPoint(new Vector3(tip.X, tip.Y, tip.Z));
            Vector3 at = transform.InverseTransformPoint(world);
            return _poke.Take(
                Time.unscaledTimeAsDouble * 1000, side, hand.Tracked, new Position(at.x, at.y, -at.z), _sizeM.x / 2,
                _sizeM.y / 2);
        }
    }
}
