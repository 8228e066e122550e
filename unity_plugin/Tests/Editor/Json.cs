using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace GhostHands.Tests
{
    /// <summary>
    /// Reads the golden files: maps, lists, text, doubles, bools and null. Mono's class library without its
    /// larger packages has no JSON. It trusts its input and is no part of the package.
    /// </summary>
    internal sealed class Json
    {
        private readonly string _text;
        private int _at;

        private Json(string text)
        {
            _text = text;
        }

        /// <summary>The value in a text.</summary>
        /// <exception cref="FormatException">The text is not JSON.</exception>
        internal static object Parse(string text)
        {
            var json = new Json(text);
            object value = json.Value();
            json.Space();
            if (json._at != text.Length) throw json.Wrong("the end");
            return value;
        }

        private object Value()
        {
            Space();
            char c = Peek();
            if (c == '{') return Map();
            if (c == '[') return List();
            if (c == '"') return Text();
            if (Word("true")) return true;
            if (Word("false")) return false;
            if (Word("null")) return null;
            return Number();
        }

        private Dictionary<string, object> Map()
        {
            var map = new Dictionary<string, object>();
            Expect('{');
            Space();
            while (Peek() != '}')
            {
                if (map.Count > 0) Expect(',');
                Space();
                string key = Text();
                Space();
                Expect(':');
                map.Add(key, Value());
                Space();
            }
            Expect('}');
            return map;
        }

        private List<object> List()
        {
            var list = new List<object>();
            Expect('[');
            Space();
            while (Peek() != ']')
            {
                if (list.Count > 0) Expect(',');
                list.Add(Value());
                Space();
            }
            Expect(']');
            return list;
        }

        private string Text()
        {
            var text = new StringBuilder();
            Expect('"');
            while (Peek() != '"')
            {
                char c = _text[_at++];
                text.Append(c == '\\' ? Escaped() : c);
            }
            Expect('"');
            return text.ToString();
        }

        private char Escaped()
        {
            char c = _text[_at++];
            switch (c)
            {
                case 'n': return '\n';
                case 't': return '\t';
                case 'r': return '\r';
                case 'b': return '\b';
                case 'f': return '\f';
                case 'u':
                    string code = _text.Substring(_at, 4);
                    _at += 4;
                    return (char)int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                default: return c;
            }
        }

        private double Number()
        {
            int start = _at;
            while (_at < _text.Length && "+-.0123456789eE".IndexOf(_text[_at]) >= 0) _at++;
            return double.Parse(_text.Substring(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        private bool Word(string word)
        {
            if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0) return false;
            _at += word.Length;
            return true;
        }

        private void Space()
        {
            while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
        }

        private char Peek()
        {
            if (_at == _text.Length) throw Wrong("more");
            return _text[_at];
        }

        private void Expect(char c)
        {
            if (Peek() != c) throw Wrong(c.ToString());
            _at++;
        }

        private FormatException Wrong(string wanted)
        {
            return new FormatException($"JSON: expected {wanted} at {_at}");
        }
    }
}
