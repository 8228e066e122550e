using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// Events on their way to the app's thread. It holds so many; of an app that takes none the oldest are
    /// dropped, and counted. Its events are made once and used again.
    /// </summary>
    internal sealed class EventQueue
    {
        private readonly object _gate = new object();
        private readonly RoomEvent[] _ring;
        private RoomEvent _taken = new RoomEvent();
        private int _first;
        private int _count;
        private long _dropped;

        internal EventQueue(int capacity)
        {
            _ring = new RoomEvent[capacity];
            for (int i = 0; i < capacity; i++) _ring[i] = new RoomEvent();
        }

        internal long Dropped
        {
            get
            {
                lock (_gate) return _dropped;
            }
        }

        internal void Put(RoomEventKind kind, ConnectionState state, string code, string text, int retryInMs)
        {
            lock (_gate) Next().Set(kind, state, code, text, retryInMs);
        }

        internal void PutMessage(RoomEventKind kind, ConnectionState state, Message message)
        {
            lock (_gate) Next().SetMessage(kind, state, message);
        }

        /// <summary>Takes the oldest event, which holds until the next is taken.</summary>
        internal bool TryTake(out RoomEvent taken)
        {
            lock (_gate)
            {
                taken = null;
                if (_count == 0) return false;
                taken = _ring[_first];
                // The one taken before goes back into the ring: it may be written again.
                _ring[_first] = _taken;
                _taken = taken;
                _first = (_first + 1) % _ring.Length;
                _count--;
                return true;
            }
        }

        private RoomEvent Next()
        {
            if (_count == _ring.Length)
            {
                _first = (_first + 1) % _ring.Length;
                _count--;
                _dropped++;
            }
            return _ring[(_first + _count++) % _ring.Length];
        }
    }
}
