using System;

namespace GhostHands.Protocol
{
    /// <summary>Which hand, as on the person.</summary>
    public enum Side
    {
        /// <summary>The left hand.</summary>
        Left = 0,

        /// <summary>The right hand.</summary>
        Right = 1,
    }

    /// <summary>What messages have of a hand; <see cref="Hands{T}"/> holds them.</summary>
    public abstract class HandRecord : Record
    {
        /// <summary>Which hand, as on the person.</summary>
        public Side Side { get; set; }
    }

    /// <summary>None to two hands, the left one first. The hands themselves are made once and used again.</summary>
    /// <typeparam name="T">What is known of a hand.</typeparam>
    public sealed class Hands<T> where T : HandRecord
    {
        private readonly T[] _slots;

        internal Hands(T first, T second)
        {
            _slots = new[] { first, second };
        }

        /// <summary>How many hands there are, 0 to 2.</summary>
        public int Count { get; private set; }

        /// <summary>The hands that are there.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        public T this[int index]
        {
            get
            {
                if (index < 0 || index >= Count) throw new ArgumentOutOfRangeException(nameof(index));
                return _slots[index];
            }
        }

        /// <summary>The hand of a side, or null where it is absent.</summary>
        public T Find(Side side)
        {
            for (int i = 0; i < Count; i++)
            {
                if (_slots[i].Side == side) return _slots[i];
            }
            return null;
        }

        /// <summary>Takes all hands out.</summary>
        public void Clear()
        {
            Count = 0;
        }

        /// <summary>Puts a hand in, with whatever numbers it held before; fill in all of them.</summary>
        /// <exception cref="InvalidOperationException">There are two already.</exception>
        public T Add(Side side)
        {
            if (Count == _slots.Length) throw new InvalidOperationException("a message has at most two hands");
            T hand = _slots[Count++];
            hand.Side = side;
            return hand;
        }

        internal void Read(Reader reader)
        {
            Count = 0;
            int count = reader.List(0, _slots.Length);
            for (int i = 0; i < count; i++) reader.Record(_slots[i]);
            Count = count;
        }

        internal void Write(Writer writer)
        {
            writer.List(Count);
            for (int i = 0; i < Count; i++) writer.Record(_slots[i]);
        }

        internal void Validate(string name)
        {
            if (Count == 2 && _slots[0].Side >= _slots[1].Side)
                throw new ProtocolException($"{name} must be one left and one right hand, the left one first");
            for (int i = 0; i < Count; i++) _slots[i].Validate();
        }
    }
}
