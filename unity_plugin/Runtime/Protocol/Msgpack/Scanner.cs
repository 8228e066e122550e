using System;

namespace GhostHands.Protocol
{
    /// <summary>
    /// The rules of section 2 that hold for every value, known field or not: one whole msgpack value,
    /// keys that are text and differ, valid UTF-8, no extensions, at most 256 maps and lists.
    /// </summary>
    /// <remarks>
    /// Recursion is as deep as there are maps and lists, 256. Makes nothing, but for a list of keys
    /// that grows once for messages larger than any of this version.
    /// </remarks>
    internal sealed class Scanner
    {
        private byte[] _data;
        private int _at;
        private int _end;
        private int _containersLeft;

        /// <summary>Where the keys of the maps around this place begin, and how long they are.</summary>
        private int[] _keys = new int[128];
        private int _used;

        /// <summary>Checks all bytes of a message.</summary>
        /// <exception cref="ProtocolException"><c>malformed</c>.</exception>
        internal void Check(byte[] data, int start, int count)
        {
            _data = data;
            _at = start;
            _end = start + count;
            _containersLeft = Wire.MaxContainers;
            _used = 0;
            try
            {
                Value();
            }
            finally
            {
                _data = null;
            }
            if (_at != _end) throw new ProtocolException("bytes follow the message");
        }

        private void Value()
        {
            Token token = Token.Read(_data, ref _at, _end);
            switch (token.Kind)
            {
                case TokenKind.Text:
                    Text(token);
                    break;
                case TokenKind.List:
                    Enter();
                    for (long i = 0; i < token.Number; i++) Value();
                    break;
                case TokenKind.Map:
                    Enter();
                    Map(token.Number);
                    break;
            }
        }

        private void Map(long entries)
        {
            int first = _used;
            for (long i = 0; i < entries; i++)
            {
                Token key = Token.Read(_data, ref _at, _end);
                if (key.Kind != TokenKind.Text) throw new ProtocolException("the keys of a map must be text");
                Text(key);
                Note(first, key.Start, (int)key.Number);
                Value();
            }
            _used = first;
        }

        private void Note(int first, int start, int length)
        {
            for (int i = first; i < _used; i += 2)
            {
                if (_keys[i + 1] == length && Same(_keys[i], start, length))
                    throw new ProtocolException("a map has the same key twice");
            }
            if (_used == _keys.Length) Array.Resize(ref _keys, 2 * _used);
            _keys[_used++] = start;
            _keys[_used++] = length;
        }

        private bool Same(int one, int other, int length)
        {
            for (int i = 0; i < length; i++)
            {
                if (_data[one + i] != _data[other + i]) return false;
            }
            return true;
        }

        private void Text(Token token)
        {
            if (!Utf8.IsValid(_data, token.Start, (int)token.Number))
                throw new ProtocolException("text is not UTF-8");
        }

        private void Enter()
        {
            if (--_containersLeft < 0) throw new ProtocolException("too many maps and lists in one message");
        }
    }
}
