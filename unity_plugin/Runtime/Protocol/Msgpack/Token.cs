using System;

namespace GhostHands.Protocol
{
    /// <summary>What a msgpack value is.</summary>
    internal enum TokenKind
    {
        Nil,
        Bool,
        Int,
        Real,
        Text,
        Bin,
        List,
        Map,
    }

    /// <summary>One msgpack value, or the head of a map or list; nothing is copied out of the bytes.</summary>
    internal struct Token
    {
        internal TokenKind Kind;

        /// <summary>An integer's value; 1 for true; the bytes of text and bin; the entries of a map or list.</summary>
        internal long Number;

        /// <summary>A float's value.</summary>
        internal double Real;

        /// <summary>Where the bytes of text and bin begin.</summary>
        internal int Start;

        /// <summary>Reads the value at <paramref name="at"/> and moves past it.</summary>
        /// <param name="data">The message.</param>
        /// <param name="at">Where the value begins; after it when this returns.</param>
        /// <param name="end">Where the message ends.</param>
        /// <exception cref="ProtocolException"><c>malformed</c>: cut off, an extension, too many entries.</exception>
        internal static Token Read(byte[] data, ref int at, int end)
        {
            byte head = (byte)Unsigned(data, ref at, end, 1);
            if (head <= 0x7f) return Integer(head);
            if (head <= 0x8f) return Items(TokenKind.Map, head & 0x0f);
            if (head <= 0x9f) return Items(TokenKind.List, head & 0x0f);
            if (head <= 0xbf) return Bytes(TokenKind.Text, head & 0x1f, ref at, end);
            if (head >= 0xe0) return Integer((sbyte)head);
            switch (head)
            {
                case 0xc0: return default(Token);
                case 0xc2: return new Token { Kind = TokenKind.Bool };
                case 0xc3: return new Token { Kind = TokenKind.Bool, Number = 1 };
                case 0xc4: return Bytes(TokenKind.Bin, Unsigned(data, ref at, end, 1), ref at, end);
                case 0xc5: return Bytes(TokenKind.Bin, Unsigned(data, ref at, end, 2), ref at, end);
                case 0xc6: return Bytes(TokenKind.Bin, Unsigned(data, ref at, end, 4), ref at, end);
                case 0xca: return Float(Single(Unsigned(data, ref at, end, 4)));
                case 0xcb: return Float(BitConverter.Int64BitsToDouble(Unsigned(data, ref at, end, 8)));
                case 0xcc: return Integer(Unsigned(data, ref at, end, 1));
                case 0xcd: return Integer(Unsigned(data, ref at, end, 2));
                case 0xce: return Integer(Unsigned(data, ref at, end, 4));
                case 0xcf: return Large(Unsigned(data, ref at, end, 8));
                case 0xd0: return Integer((sbyte)Unsigned(data, ref at, end, 1));
                case 0xd1: return Integer((short)Unsigned(data, ref at, end, 2));
                case 0xd2: return Integer((int)Unsigned(data, ref at, end, 4));
                case 0xd3: return Integer(Unsigned(data, ref at, end, 8));
                case 0xd9: return Bytes(TokenKind.Text, Unsigned(data, ref at, end, 1), ref at, end);
                case 0xda: return Bytes(TokenKind.Text, Unsigned(data, ref at, end, 2), ref at, end);
                case 0xdb: return Bytes(TokenKind.Text, Unsigned(data, ref at, end, 4), ref at, end);
                case 0xdc: return Items(TokenKind.List, Unsigned(data, ref at, end, 2));
                case 0xdd: return Items(TokenKind.List, Unsigned(data, ref at, end, 4));
                case 0xde: return Items(TokenKind.Map, Unsigned(data, ref at, end, 2));
                case 0xdf: return Items(TokenKind.Map, Unsigned(data, ref at, end, 4));
                default: throw new ProtocolException($"the msgpack byte 0x{head:x2} has no meaning here");
            }
        }

        private static Token Integer(long value)
        {
            return new Token { Kind = TokenKind.Int, Number = value };
        }

        /// <summary>An unsigned 64-bit integer; one of 2^63 or more is out of every field's limits.</summary>
        private static Token Large(long bits)
        {
            return bits >= 0 ? Integer(bits) : new Token { Kind = TokenKind.Int, Number = long.MinValue };
        }

        private static Token Float(double value)
        {
            return new Token { Kind = TokenKind.Real, Real = value };
        }

        private static Token Items(TokenKind kind, long count)
        {
            if (count > Wire.MaxItems)
                throw new ProtocolException($"{count} entries of a map or list are too many");
            return new Token { Kind = kind, Number = count };
        }

        private static Token Bytes(TokenKind kind, long count, ref int at, int end)
        {
            if (count > end - at) throw new ProtocolException("the message is cut off");
            var token = new Token { Kind = kind, Number = count, Start = at };
            at += (int)count;
            return token;
        }

        /// <summary>Big-endian bytes; eight of them as the same 64 bits.</summary>
        private static long Unsigned(byte[] data, ref int at, int end, int size)
        {
            if (size > end - at) throw new ProtocolException("the message is cut off");
            long value = 0;
            for (int i = 0; i < size; i++) value = value << 8 | data[at++];
            return value;
        }

        /// <summary>A float32 from its bits, by those of the double that is the same number.</summary>
        private static double Single(long bits)
        {
            long sign = (bits & 0x80000000L) << 32, exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
            if (exponent == 0) return (sign == 0 ? 1.0 : -1.0) * fraction * Math.Pow(2, -149);
            exponent = exponent == 0xff ? 0x7ff : exponent - 127 + 1023; // infinite and NaN stay so
            return BitConverter.Int64BitsToDouble(sign | exponent << 52 | fraction << 29);
        }
    }
}
