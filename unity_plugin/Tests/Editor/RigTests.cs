using System.Linq;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>Bones of other hand models, and a learner's hand in both orders of joints.</summary>
    public sealed class RigTests
    {
        [TestCase("L_Wrist", 1)]
        [TestCase("R_Palm", 0)]
        [TestCase("L_IndexProximal", 7)]
        [TestCase("R_LittleTip", 25)]
        [TestCase("index-finger-phalanx-proximal", 7)]
        [TestCase("pinky-finger-tip", 25)]
        [TestCase("thumb-metacarpal", 2)]
        [TestCase("ring_intermediate", 18)]
        [TestCase("Middle Distal.R", 14)]
        [TestCase("Hips", -1)]
        [TestCase("", -1)]
        [TestCase(null, -1)]
        public void BonesAreFoundByTheirNames(string name, int joint)
        {
            Assert.That(BoneNames.Find(name), Is.EqualTo(joint));
        }

        [Test]
        public void EveryJointIsFoundByItsOwnName()
        {
            for (int joint = 0; joint < 26; joint++)
                Assert.That(BoneNames.Find(JointOrders.OpenXRNames[joint]), Is.EqualTo(joint));
        }

        [Test]
        public void EveryBoneIsOfAFingerButTheWrist()
        {
            int[] fingers = Enumerable.Range(0, 16).Select(HandSkin.FingerOf).ToArray();
            string[] names = { "thumb", "index", "middle", "ring", "little" };
            for (int bone = 1; bone < 16; bone++)
                StringAssert.StartsWith(names[fingers[bone]], Joints.Names[bone]);
            Assert.That(fingers[0], Is.EqualTo(-1));
        }

        [Test]
        public void AHandGoesThroughUnitysFrameAndOrderUnchanged()
        {
            var hand = new HeadsetHand { Tracked = true };
            for (int i = 0; i < 26; i++) hand.Set(i, new Position(i, 2f, 3f), new Rotation(0.6f, 0f, 0f, 0.8f));
            Assert.That(hand.Joint(0).X, Is.EqualTo(1f), "the palm is Unity's second");
            Assert.That(hand.Tip.Z, Is.EqualTo(-3f), "Unity's z looks the other way");
            var encoder = new LearnerHandsEncoder();
            encoder.Begin();
            hand.AddTo(encoder, Side.Right);
            LearnerHandsMessage sent = encoder.End(0, 0);
            OpenXRHand got = sent.OpenXR.Find(Side.Right);
            Assert.That(got.JointsM, Is.EqualTo(hand.JointsM).Within(1e-6));
            Assert.That(got.JointQuat, Is.EqualTo(hand.JointQuat).Within(1e-6));
            hand.Tracked = false;
            encoder.Begin();
            hand.AddTo(encoder, Side.Right);
            Assert.That(encoder.End(1, 0).OpenXR.Count, Is.EqualTo(0));
        }

        [TestCase("192.168.1.5", "", "https://192.168.1.5:8443/viewer?room=lesson")]
        [TestCase("::1", "a+b", "https://[::1]:8443/viewer?room=lesson#token=a%2Bb")]
        public void ALinkIsMadeOfItsParts(string host, string token, string text)
        {
            Assert.That(RoomLink.Text(host, 8443, true, "lesson", token), Is.EqualTo(text));
            RoomLink link;
            string problem;
            Assert.That(RoomLink.TryParse(text, out link, out problem), Is.True, problem);
            Assert.That(link.Host, Is.EqualTo(host));
            Assert.That(link.Token ?? "", Is.EqualTo(token));
        }

        [Test]
        public void PartsThatMakeNoLinkAreRefused()
        {
            RoomLink link;
            string problem;
            Assert.That(RoomLink.TryParse(RoomLink.Text(null, 0, true, null, null), out link, out problem), Is.False);
            Assert.That(problem, Is.Not.Empty);
        }
    }
}
