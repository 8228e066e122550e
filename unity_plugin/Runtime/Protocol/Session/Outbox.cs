using System;

namespace GhostHands.Protocol
{
    /// <summary>Messages that wait to be sent, oldest first, in one buffer that is used again and again.</summary>
    internal sealed class Outbox
    {
        private byte[] _bytes = new byte[1024];
        private int[] _lengths = new int[8];
        private int _begin;
        private int _end;
        private int _first;
        private int _last;

        /// <summary>Bytes that wait.</summary>
        internal int Pending => _first == _last ? 0 : _end - _begin;

        internal void Put(ArraySegment<byte> message)
        {
            if (_first == _last) _begin = _end = _first = _last = 0;
            if (_last == _lengths.Length) Array.Resize(ref _lengths, 2 * _last);
            if (message.Count > _bytes.Length - _end)
                Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _end + message.Count));
            Buffer.BlockCopy(message.Array, message.Offset, _bytes, _end, message.Count);
            _end += message.Count;
            _lengths[_last++] = message.Count;
        }

        /// <summary>Moves the oldest message to the front of a buffer, which is made larger if need be.</summary>
        /// <returns>Its length, or 0 if none waits.</returns>
        internal int Take(ref byte[] buffer)
        {
            if (_first == _last) return 0;
            int length = _lengths[_first++];
            if (buffer == null || buffer.Length < length) buffer = new byte[Math.Max(length, 1024)];
            Buffer.BlockCopy(_bytes, _begin, buffer, 0, length);
            _begin += length;
            return length;
        }

        internal void Clear()
        {
            _first = _last;
        }
    }
}
