namespace GhostHands.Protocol
{
    /// <summary>The order a sender of poses keeps: a hand's shape first, sequence numbers rising.</summary>
    internal sealed class PoseOrder
    {
        private readonly bool[] _shaped = new bool[2];
        private long _lastSeq = -1;

        internal void Note(ShapeMessage shape)
        {
            _shaped[(int)shape.Side] = true;
        }

        /// <exception cref="ProtocolException"><c>unexpected</c>: the pose breaks the order.</exception>
        internal void Check(PoseMessage pose)
        {
            if (pose.Seq <= _lastSeq)
            {
                throw new ProtocolException(
                    $"pose {pose.Seq} after pose {_lastSeq}: seq must rise", ErrorCode.Unexpected);
            }
            _lastSeq = pose.Seq;
            for (int i = 0; i < pose.Hands.Count; i++)
            {
                if (!_shaped[(int)pose.Hands[i].Side])
                    throw new ProtocolException("pose of a hand before its shape", ErrorCode.Unexpected);
            }
        }
    }
}
