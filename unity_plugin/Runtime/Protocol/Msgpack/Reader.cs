using System;

namespace GhostHands.Protocol
{
    /// <summary>Typed fields out of bytes that a <see cref="Scanner"/> has passed.</summary>
    internal sealed class Reader
    {
        private byte[] _data;
        private int _at;
        private int _end;

        /// <summary>The field being read, for errors.</summary>
        private string _field = "message";

        /// <summary>Begins at the front of a message.</summary>
        internal void Begin(byte[] data, int start, int count)
        {
            _data = data;
            _at = start;
            _end = start + count;
            _field = "message";
        }

        /// <summary>Lets go of the caller's bytes.</summary>
        internal void End()
        {
            _data = null;
        }

        /// <summary>What comes next.</summary>
        internal TokenKind Peek()
        {
            int at = _at;
            return Token.Read(_data, ref at, _end).Kind;
        }

        /// <summary>The text of the field <c>type</c> of the map that comes next; the place stays.</summary>
        /// <returns>The index in <paramref name="names"/>, or -1.</returns>
        internal int TypeOf(string[] names)
        {
            int start = _at;
            int entries = Items(TokenKind.Map, "a map, or a list if it is a compact pose");
            for (int i = 0; i < entries; i++)
            {
                Token key = Next();
                if (!Utf8.Same("type", _data, key.Start, (int)key.Number))
                {
                    Skip();
                    continue;
                }
                _field = "type";
                Token value = Next();
                if (value.Kind != TokenKind.Text) throw Refuse("must be text");
                _at = start;
                return IndexOf(names, value);
            }
            throw new ProtocolException("a message must have a type, as text");
        }

        /// <summary>
        /// Reads a map into a record; skips what it does not know, unless it must not. The limits of
        /// its fields are checked by <see cref="GhostHands.Protocol.Record.Validate"/> afterwards.
        /// </summary>
        internal void Record(Record record)
        {
            FieldSet fields = record.Fields;
            int entries = Items(TokenKind.Map, "a map");
            record.Reset();
            uint missing = fields.Required;
            for (int i = 0; i < entries; i++)
            {
                Token key = Next();
                int field = IndexOf(fields.Names, key);
                if (field < 0)
                {
                    if (key.Number > 0 && _data[key.Start] == '!')
                        throw new ProtocolException("a field must be understood, and is not: " + Shown(key));
                    Skip();
                    continue;
                }
                _field = fields.Names[field];
                missing &= ~(1u << field);
                if (fields.IsOptional(field) && Peek() == TokenKind.Nil) Next();
                else record.ReadField(field, this);
            }
            if (missing != 0) throw new ProtocolException(fields.FirstOf(missing) + " is missing");
        }

        /// <summary>The number of entries of the list that comes next.</summary>
        internal int List(int low, int high)
        {
            int count = Items(TokenKind.List, "a list");
            if (count < low || count > high) throw Refuse($"must be a list of {low} to {high}");
            return count;
        }

        internal long Int()
        {
            Token token = Next();
            if (token.Kind != TokenKind.Int) throw Refuse("must be an integer");
            return token.Number;
        }

        /// <summary>An integer that a record keeps in 32 bits; its limits are the record's affair.</summary>
        internal int SmallInt()
        {
            long value = Int();
            if (value < int.MinValue || value > int.MaxValue) throw Refuse("is out of its limits");
            return (int)value;
        }

        internal Side Side()
        {
            long value = Int();
            if (value < 0 || value > 1) throw Refuse("must be 0 for left or 1 for right");
            return (Side)value;
        }

        internal bool Bool()
        {
            Token token = Next();
            if (token.Kind != TokenKind.Bool) throw Refuse("must be true or false");
            return token.Number != 0;
        }

        /// <summary>A number; integers count.</summary>
        internal double Real()
        {
            Token token = Next();
            if (token.Kind == TokenKind.Int) return token.Number;
            if (token.Kind != TokenKind.Real) throw Refuse("must be a number");
            return token.Real;
        }

        internal double? RealOrNil()
        {
            return TakeNil() ? (double?)null : Real();
        }

        /// <summary>Text; <paramref name="before"/> itself where it says the same, so that nothing is made.</summary>
        internal string Text(int maxBytes, string before = null)
        {
            Token token = Next();
            if (token.Kind != TokenKind.Text) throw Refuse("must be text");
            if (token.Number > maxBytes) throw Refuse($"must have at most {maxBytes} bytes");
            int count = (int)token.Number;
            if (before != null && Utf8.Same(before, _data, token.Start, count)) return before;
            return Utf8.Text(_data, token.Start, count);
        }

        internal string TextOrNil(int maxBytes)
        {
            return TakeNil() ? null : Text(maxBytes);
        }

        /// <summary>Which of some words; the index.</summary>
        internal int OneOf(string[] words)
        {
            Token token = Next();
            int index = token.Kind == TokenKind.Text ? IndexOf(words, token) : -1;
            if (index < 0) throw Refuse("must be one of " + string.Join(", ", words));
            return index;
        }

        internal string[] Texts(int most)
        {
            int count = List(0, most);
            if (count == 0) return Array.Empty<string>();
            var texts = new string[count];
            for (int i = 0; i < count; i++) texts[i] = Text(Wire.MaxNameBytes);
            return texts;
        }

        /// <summary>Float32, exactly as many as the target holds. Every engine's hosts are little-endian.</summary>
        internal void Floats(float[] target)
        {
            Token token = Next();
            int bytes = 4 * target.Length;
            if (token.Kind != TokenKind.Bin || token.Number != bytes) throw Refuse($"must be {bytes} bytes of bin");
            Buffer.BlockCopy(_data, token.Start, target, 0, bytes);
        }

        /// <summary>Bytes: where they begin, and how many.</summary>
        internal int Bin(out int count)
        {
            Token token = Next();
            if (token.Kind != TokenKind.Bin) throw Refuse("must be bin");
            count = (int)token.Number;
            return token.Start;
        }

        internal bool TakeNil()
        {
            if (Peek() != TokenKind.Nil) return false;
            Next();
            return true;
        }

        private ProtocolException Refuse(string what)
        {
            return new ProtocolException($"{_field} {what}");
        }

        private Token Next()
        {
            return Token.Read(_data, ref _at, _end);
        }

        private int Items(TokenKind kind, string what)
        {
            Token token = Next();
            if (token.Kind != kind) throw Refuse("must be " + what);
            return (int)token.Number;
        }

        /// <summary>Moves past a value, whatever it holds.</summary>
        private void Skip()
        {
            for (long left = 1; left > 0; left--)
            {
                Token token = Next();
                if (token.Kind == TokenKind.List) left += token.Number;
                else if (token.Kind == TokenKind.Map) left += 2 * token.Number;
            }
        }

        private int IndexOf(string[] names, Token text)
        {
            for (int i = 0; i < names.Length; i++)
            {
                if (Utf8.Same(names[i], _data, text.Start, (int)text.Number)) return i;
            }
            return -1;
        }

        private string Shown(Token text)
        {
            return Utf8.Shortened(Utf8.Text(_data, text.Start, (int)text.Number), 40);
        }
    }
}
