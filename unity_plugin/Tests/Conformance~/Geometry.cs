using System;
using System.Collections.Generic;
using System.Linq;
using GhostHands.Protocol;

namespace GhostHands.Conformance
{
    using Map = Dictionary<string, object>;

    /// <summary>The golden vectors without bytes: joint orders, coordinate frames, keypoints.</summary>
    internal static class Geometry
    {
        private const double Tolerance = 1e-6;

        private static readonly Dictionary<string, Func<Position, Position>> Positions =
            new Dictionary<string, Func<Position, Position>>
            {
                { "mirror_position", Coordinates.Mirror },
                { "opencv_to_openxr_position", Coordinates.OpenCVToOpenXR },
                { "openxr_to_opencv_position", Coordinates.OpenCVToOpenXR },
                { "openxr_to_unity_position", Coordinates.OpenXRToUnity },
                { "unity_to_openxr_position", Coordinates.UnityToOpenXR },
            };

        private static readonly Dictionary<string, Func<Rotation, Rotation>> Rotations =
            new Dictionary<string, Func<Rotation, Rotation>>
            {
                { "mirror_rotation", Coordinates.Mirror },
                { "opencv_to_openxr_orientation", Coordinates.OpenCVToOpenXROrientation },
                { "openxr_to_opencv_orientation", Coordinates.OpenCVToOpenXROrientation },
                { "opencv_to_openxr_rotation", Coordinates.OpenCVToOpenXRRotation },
                { "openxr_to_opencv_rotation", Coordinates.OpenCVToOpenXRRotation },
                { "openxr_to_unity_rotation", Coordinates.OpenXRToUnity },
                { "unity_to_openxr_rotation", Coordinates.UnityToOpenXR },
            };

        internal static void Run(string folder, Report report)
        {
            Map golden = Golden.File(folder, "geometry.json");
            var joints = (Map)golden["joints"];
            foreach (string name in joints.Keys)
                report.Check($"geometry.json: {name}", () => Compare.Difference(Table(name), joints[name], 0));
            foreach (KeyValuePair<string, object> change in (Map)golden["coordinates"])
                report.Check($"geometry.json: {change.Key}", () => Change(change.Key, (Map)change.Value));
            foreach (object hand in (List<object>)golden["kinematics"])
                report.Check("geometry.json: kinematics", () => Kinematics((Map)hand));
        }

        private static List<object> Table(string name)
        {
            switch (name)
            {
                case "joint_names": return Joints.Names.Cast<object>().ToList();
                case "joint_parents": return Numbers(Joints.Parents);
                case "keypoint_names": return Joints.KeypointNames.Cast<object>().ToList();
                case "keypoint_of_joint": return Numbers(Joints.KeypointOfJoint);
                case "keypoint_parent_joint": return Numbers(Joints.KeypointParentJoint);
                default: throw new InvalidOperationException($"no table {name}");
            }
        }

        private static List<object> Numbers(IEnumerable<int> values)
        {
            return values.Select(value => (object)(double)value).ToList();
        }

        private static string Change(string name, Map vector)
        {
            var changed = new List<object>();
            foreach (object row in (List<object>)vector["from"])
            {
                float[] v = Floats(row);
                if (Positions.ContainsKey(name))
                {
                    Position p = Positions[name](new Position(v[0], v[1], v[2]));
                    changed.Add(new List<object> { (double)p.X, (double)p.Y, (double)p.Z });
                }
                else
                {
                    Rotation q = Rotations[name](new Rotation(v[0], v[1], v[2], v[3]));
                    changed.Add(new List<object> { (double)q.X, (double)q.Y, (double)q.Z, (double)q.W });
                }
            }
            return Compare.Difference(changed, vector["to"], Tolerance);
        }

        private static string Kinematics(Map vector)
        {
            var pose = new PoseMessage();
            HandPose hand = pose.Hands.Add(Side.Left);
            Floats(vector["wrist_m"]).CopyTo(hand.WristM, 0);
            Floats(vector["pose_quat"]).CopyTo(hand.PoseQuat, 0);
            var keypoints = new float[3 * Joints.Keypoints];
            new HandKinematics().Keypoints(Floats(vector["rest_joints_m"]), hand, keypoints);
            var actual = keypoints.Select(value => (object)(double)value).ToList();
            var expected = Floats(vector["keypoints_m"]).Select(value => (object)(double)value).ToList();
            return Compare.Difference(actual, expected, Tolerance);
        }

        /// <summary>Nested lists of numbers, row after row.</summary>
        private static float[] Floats(object value)
        {
            var list = value as List<object>;
            return list == null ? new[] { (float)(double)value } : list.SelectMany(Floats).ToArray();
        }
    }
}
