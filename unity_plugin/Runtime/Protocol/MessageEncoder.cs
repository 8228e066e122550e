using System;

namespace GhostHands.Protocol
{
    /// <summary>
    /// Messages to the bytes of one WebSocket message, fields in the order of the specification, so that
    /// equal messages give equal bytes. One encoder serves one thread.
    /// </summary>
    public sealed class MessageEncoder
    {
        private readonly Writer _writer = new Writer();
        private readonly CompactWriter _compact = new CompactWriter();

        /// <summary>Encodes a message into the encoder's own buffer.</summary>
        /// <param name="message">What to say.</param>
        /// <param name="precision">
        /// Of poses; other messages have one form. A pose whose wrist is more than 26.2 m from the stage's
        /// origin is always written in full.
        /// </param>
        /// <returns>The bytes; the next <c>Encode</c> overwrites them.</returns>
        /// <exception cref="ProtocolException"><c>malformed</c>: a field is out of its limits.</exception>
        public ArraySegment<byte> Encode(Message message, Precision precision = Precision.Compact)
        {
            if (message == null) throw new ArgumentNullException(nameof(message));
            message.Validate();
            _writer.Begin();
            var pose = message as PoseMessage;
            if (pose != null && precision == Precision.Compact && CompactWriter.Fits(pose.Hands))
            {
                Compact(pose);
            }
            else
            {
                _writer.BeginMap();
                _writer.Name("type");
                _writer.Text(message.Type);
                message.WriteFields(_writer);
                _writer.EndMap();
            }
            return _writer.Written;
        }

        private void Compact(PoseMessage pose)
        {
            _writer.List(3);
            _writer.Int(pose.Seq);
            _writer.Int(pose.TimeNs);
            ArraySegment<byte> room = _writer.Bin(CompactLayout.HandBytes * pose.Hands.Count);
            for (int i = 0; i < pose.Hands.Count; i++)
                _compact.Write(pose.Hands[i], room.Array, room.Offset + CompactLayout.HandBytes * i);
        }
    }
}
