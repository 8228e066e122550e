using System;

namespace GhostHands.Protocol
{
    /// <summary>Writes msgpack in its shortest forms into one buffer that is used again and again.</summary>
    internal sealed class Writer
    {
        private byte[] _buffer = new byte[1024];
        private int _used;

        /// <summary>Where the heads of the open maps are, and how many entries they have.</summary>
        private readonly int[] _heads = new int[4];
        private readonly int[] _entries = new int[4];
        private int _open;

        internal void Begin()
        {
            _used = 0;
            _open = 0;
        }

        /// <summary>What was written; it holds until the next <see cref="Begin"/>.</summary>
        internal ArraySegment<byte> Written => new ArraySegment<byte>(_buffer, 0, _used);

        /// <summary>Begins a map, of at most 15 entries, as all of this version are.</summary>
        internal void BeginMap()
        {
            _heads[_open] = _used;
            _entries[_open++] = 0;
            Byte(0x80);
        }

        internal void EndMap()
        {
            _open--;
            _buffer[_heads[_open]] = (byte)(0x80 | _entries[_open]);
        }

        /// <summary>The name of the field that follows.</summary>
        internal void Name(string name)
        {
            _entries[_open - 1]++;
            Text(name);
        }

        internal void List(int count)
        {
            if (count <= 15)
            {
                Byte((byte)(0x90 | count));
            }
            else
            {
                Byte(0xdc);
                BigEndian(count, 2);
            }
        }

        internal void Nil()
        {
            Byte(0xc0);
        }

        internal void Bool(bool value)
        {
            Byte(value ? (byte)0xc3 : (byte)0xc2);
        }

        /// <summary>An integer of 0 or more.</summary>
        internal void Int(long value)
        {
            if (value <= 0x7f) Byte((byte)value);
            else if (value <= byte.MaxValue) Head(0xcc, value, 1);
            else if (value <= ushort.MaxValue) Head(0xcd, value, 2);
            else if (value <= uint.MaxValue) Head(0xce, value, 4);
            else Head(0xcf, value, 8);
        }

        internal void Real(double value)
        {
            Head(0xcb, BitConverter.DoubleToInt64Bits(value), 8);
        }

        internal void RealOrNil(double? value)
        {
            if (value.HasValue) Real(value.Value);
            else Nil();
        }

        internal void Text(string value)
        {
            int count = Utf8.ByteCount("text", value);
            if (count <= 31) Byte((byte)(0xa0 | count));
            else if (count <= byte.MaxValue) Head(0xd9, count, 1);
            else Head(0xda, count, 2);
            Reserve(count);
            Utf8.Write(value, _buffer, _used);
            _used += count;
        }

        internal void TextOrNil(string value)
        {
            if (value != null) Text(value);
            else Nil();
        }

        internal void Texts(string[] values)
        {
            List(values.Length);
            foreach (string value in values) Text(value);
        }

        internal void Floats(float[] values)
        {
            int count = 4 * values.Length;
            Bin(count);
            Buffer.BlockCopy(values, 0, _buffer, _used - count, count);
        }

        /// <summary>Makes room for bytes, which the caller fills in.</summary>
        /// <returns>The room: zeros would not be sure, every byte must be written.</returns>
        internal ArraySegment<byte> Bin(int count)
        {
            if (count <= byte.MaxValue) Head(0xc4, count, 1);
            else Head(0xc5, count, 2);
            Reserve(count);
            _used += count;
            return new ArraySegment<byte>(_buffer, _used - count, count);
        }

        internal void Record(Record record)
        {
            BeginMap();
            record.WriteFields(this);
            EndMap();
        }

        private void Head(byte head, long value, int size)
        {
            Byte(head);
            BigEndian(value, size);
        }

        private void BigEndian(long value, int size)
        {
            Reserve(size);
            for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) _buffer[_used++] = (byte)(value >> shift);
        }

        private void Byte(byte value)
        {
            Reserve(1);
            _buffer[_used++] = value;
        }

        private void Reserve(int count)
        {
            if (count > _buffer.Length - _used)
                Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, _used + count));
        }
    }
}
