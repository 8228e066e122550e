using System;
using System.IO;
using System.Linq;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>The mesh that a bridge serves, and bytes that are none.</summary>
    public sealed class HandMeshTests
    {
        [TestCase("left")]
        [TestCase("right")]
        public void TheBridgesMeshIsRead(string side)
        {
            HandMesh mesh = Parse(File.ReadAllBytes(Vectors.Path("GHOSTHANDS_HANDS", side + ".msgpack")));
            Assert.That(mesh.Side.ToString().ToLowerInvariant(), Is.EqualTo(side));
            Assert.That(mesh.VertexCount, Is.GreaterThan(100));
            var vertices = new float[3 * mesh.VertexCount];
            mesh.UnityVertices(new float[10], vertices);
            Assert.That(vertices.All(v => Math.Abs(v) < 0.3), Is.True);
            for (int vertex = 0; vertex < mesh.VertexCount; vertex++)
            {
                double sum = 0;
                for (int i = 4 * vertex; i < 4 * vertex + 4; i++) sum += mesh.BoneWeight[i];
                Assert.That(sum, Is.EqualTo(1).Within(1e-5));
            }
            // Products of edges point outwards, in Unity's frame too: a hand has some 0.3 litres.
            int[] t = mesh.UnityTriangles();
            Assert.That(t.Max(), Is.LessThan(mesh.VertexCount));
            Assert.That(Volume(vertices, t), Is.InRange(1e-5, 1e-3));
        }

        [TestCase("left")]
        [TestCase("right")]
        public void BonesMoveItAsTheHandModelDoes(string side)
        {
            HandMesh mesh = Parse(File.ReadAllBytes(Vectors.Path("GHOSTHANDS_HANDS", side + ".msgpack")));
            object given = Json.Parse(File.ReadAllText(Vectors.Path("GHOSTHANDS_HANDS", side + ".json")));
            float[] rest = Vectors.Floats(Vectors.List(given, "rest_joints_m"));
            float[] meant = Vectors.Floats(Vectors.List(given, "vertices_m"));
            HandPose hand = new PoseMessage().Hands.Add(mesh.Side);
            Vectors.Floats(Vectors.List(given, "pose_quat")).CopyTo(hand.PoseQuat, 0);
            Vectors.Floats(Vectors.List(given, "wrist_m")).CopyTo(hand.WristM, 0);
            var rig = new HandRig(mesh.Side);
            rig.SetShape(rest);
            rig.Pose(hand);
            var vertices = new float[3 * mesh.VertexCount];
            mesh.UnityVertices(Vectors.Floats(Vectors.List(given, "betas")), vertices);
            double worst = 0, sum = 0;
            for (int vertex = 0; vertex < mesh.VertexCount; vertex++)
            {
                Position got = Coordinates.UnityToOpenXR(Skinned(mesh, rig, rest, vertices, vertex));
                int at = 3 * vertex;
                double x = got.X - meant[at], y = got.Y - meant[at + 1], z = got.Z - meant[at + 2];
                double error = Math.Sqrt(x * x + y * y + z * z);
                worst = Math.Max(worst, error);
                sum += error;
            }
            // Four bones a vertex in place of sixteen.
            Assert.That(sum / mesh.VertexCount, Is.LessThan(1e-4));
            Assert.That(worst, Is.LessThan(3e-3));
        }

        [Test]
        public void AShapeMovesVerticesAndTheFrameIsUnitys()
        {
            HandMesh mesh = Parse(Document());
            var vertices = new float[9];
            var betas = new float[10];
            betas[2] = 2;
            mesh.UnityVertices(betas, vertices);
            Assert.That(vertices, Is.EqualTo(new[] { 2f, 1f, -2f, 2f, 3f, -4f, 4f, 5f, -6f }).Within(1e-6));
            Assert.That(mesh.UnityTriangles(), Is.EqualTo(new[] { 0, 2, 1 }));
            Assert.That(mesh.BoneIndex.Take(4), Is.EqualTo(new[] { 3, 1, 0, 2 }));
            Assert.That(mesh.BoneWeight.Take(4), Is.EqualTo(new[] { 0.75f, 0.25f, 0f, 0f }).Within(1e-6));
        }

        [Test]
        public void CutOffAnywhereItIsNoMesh()
        {
            byte[] whole = Document();
            for (int count = 0; count < whole.Length; count++) Refused(whole.Take(count).ToArray());
            Refused(whole.Concat(new byte[] { 0 }).ToArray());
            Refused(null);
            Refused(new byte[HandMesh.MaxBytes + 1]);
        }

        [Test]
        public void WhateverTheBytesAreThereIsNoException()
        {
            byte[] whole = Document();
            var random = new Random(4);
            int taken = 0;
            for (int i = 0; i < 3000; i++)
            {
                var bytes = (byte[])whole.Clone();
                for (int k = random.Next(3); k >= 0; k--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                HandMesh mesh;
                string problem;
                if (HandMesh.TryParse(bytes, out mesh, out problem)) taken++;
                else Assert.That(problem, Is.Not.Empty);
            }
            Assert.That(taken, Is.InRange(1, 2999));
        }

        [TestCase("vertices_m", 8)]
        [TestCase("vertices_m", 35)]
        [TestCase("faces", 5)]
        [TestCase("weights", 4)]
        [TestCase("shape_dirs_m", 4)]
        [TestCase("rest_joints_m", 4)]
        public void ArraysThatDoNotFitAreRefused(string name, int fewerBytes)
        {
            Refused(Document(name, fewerBytes));
        }

        [Test]
        public void AFaceOfNoVertexAndNumbersThatAreNoneAreRefused()
        {
            Refused(Document(third: 3));
            Refused(Document(weight: float.NaN));
            Refused(Document(weight: float.PositiveInfinity));
            Refused(Document(weight: 0, other: 0));
        }

        /// <summary>As an engine skins, in Unity's frame: against the bone, turned, moved, weighed.</summary>
        private static Position Skinned(HandMesh mesh, HandRig rig, float[] rest, float[] vertices, int vertex)
        {
            double x = 0, y = 0, z = 0;
            for (int i = HandMesh.Influences * vertex; i < HandMesh.Influences * (vertex + 1); i++)
            {
                int bone = mesh.BoneIndex[i], from = 3 * Joints.KeypointOfJoint[bone];
                float[] q = rig.BoneQuat;
                var turn = new Rotation(q[4 * bone], q[4 * bone + 1], q[4 * bone + 2], q[4 * bone + 3]);
                Rigid inUnity = new Rigid(rig.Bone(bone), turn).ToUnity();
                Position against = Coordinates.OpenXRToUnity(new Position(rest[from], rest[from + 1], rest[from + 2]));
                Position moved = inUnity.Apply(new Position(
                    vertices[3 * vertex] - against.X, vertices[3 * vertex + 1] - against.Y,
                    vertices[3 * vertex + 2] - against.Z));
                x += mesh.BoneWeight[i] * moved.X;
                y += mesh.BoneWeight[i] * moved.Y;
                z += mesh.BoneWeight[i] * moved.Z;
            }
            return new Position((float)x, (float)y, (float)z);
        }

        private static void Refused(byte[] bytes)
        {
            HandMesh mesh;
            string problem;
            Assert.That(HandMesh.TryParse(bytes, out mesh, out problem), Is.False);
            Assert.That(mesh, Is.Null);
            StringAssert.StartsWith("not a hand mesh: ", problem);
        }

        private static HandMesh Parse(byte[] bytes)
        {
            HandMesh mesh;
            string problem;
            Assert.That(HandMesh.TryParse(bytes, out mesh, out problem), Is.True, problem);
            return mesh;
        }

        private static double Volume(float[] v, int[] t)
        {
            double sum = 0;
            for (int i = 0; i < t.Length; i += 3)
            {
                int a = 3 * t[i], b = 3 * t[i + 1], c = 3 * t[i + 2];
                sum += v[a] * (v[b + 1] * (double)v[c + 2] - v[b + 2] * (double)v[c + 1])
                    + v[a + 1] * (v[b + 2] * (double)v[c] - v[b] * (double)v[c + 2])
                    + v[a + 2] * (v[b] * (double)v[c + 1] - v[b + 1] * (double)v[c]);
            }
            return sum / 6;
        }

        /// <summary>One triangle whose first vertex two joints move, and that the third shape value widens.</summary>
        private static byte[] Document(
            string shorten = null, int fewerBytes = 0, int third = 2, float weight = 0.6f, float other = 0.2f)
        {
            float[] vertices = { 0, 1, 2, 2, 3, 4, 4, 5, 6 }, weights = new float[48], dirs = new float[90];
            weights[3] = weight;
            weights[1] = other;
            weights[16] = weights[32] = 1;
            dirs[2] = 1;
            var writer = new Writer();
            writer.Begin();
            writer.BeginMap();
            writer.Name("side");
            writer.Int(1);
            Put(writer, "vertices_m", Bytes(vertices), shorten, fewerBytes);
            Put(writer, "faces", new byte[] { 0, 0, 1, 0, (byte)third, 0 }, shorten, fewerBytes);
            Put(writer, "weights", Bytes(weights), shorten, fewerBytes);
            Put(writer, "shape_dirs_m", Bytes(dirs), shorten, fewerBytes);
            Put(writer, "rest_joints_m", new byte[4 * 63], shorten, fewerBytes);
            writer.EndMap();
            return writer.Written.ToArray();
        }

        private static void Put(Writer writer, string name, byte[] bytes, string shorten, int fewerBytes)
        {
            writer.Name(name);
            int count = bytes.Length - (name == shorten ? fewerBytes : 0);
            ArraySegment<byte> room = writer.Bin(count);
            Buffer.BlockCopy(bytes, 0, room.Array, room.Offset, count);
        }

        private static byte[] Bytes(float[] values)
        {
            var bytes = new byte[4 * values.Length];
            Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
            return bytes;
        }
    }
}
