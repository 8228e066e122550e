namespace GhostHands.Protocol
{
    /// <summary>What is one map on the wire: a message, or an item of a list in one.</summary>
    public abstract class Record
    {
        internal abstract FieldSet Fields { get; }

        /// <summary>Gives optional fields their defaults, before a record is read again.</summary>
        internal virtual void Reset()
        {
        }

        /// <summary>Reads the value of the field with this index in <see cref="Fields"/>.</summary>
        internal abstract void ReadField(int field, Reader reader);

        /// <summary>Writes names and values in the order of the specification.</summary>
        internal abstract void WriteFields(Writer writer);

        /// <summary>Checks the limits of all fields; decoding and encoding do it, too.</summary>
        /// <exception cref="ProtocolException"><c>malformed</c>: a field is out of its limits.</exception>
        public abstract void Validate();
    }

    /// <summary>A message of the protocol.</summary>
    public abstract class Message : Record
    {
        /// <summary>The message's <c>type</c> on the wire.</summary>
        public abstract string Type { get; }
    }

    /// <summary>The names of a record's fields, at most 32; those given with a <c>?</c> are optional.</summary>
    internal sealed class FieldSet
    {
        private readonly uint _optional;

        internal FieldSet(params string[] names)
        {
            Names = names;
            for (int i = 0; i < names.Length; i++)
            {
                if (!names[i].EndsWith("?", System.StringComparison.Ordinal)) continue;
                names[i] = names[i].Substring(0, names[i].Length - 1);
                _optional |= 1u << i;
            }
        }

        internal string[] Names { get; }

        /// <summary>A bit for each field that must be there.</summary>
        internal uint Required => ((1u << Names.Length) - 1) & ~_optional;

        internal bool IsOptional(int field)
        {
            return (_optional >> field & 1) != 0;
        }

        /// <summary>The name of the lowest bit that is set.</summary>
        internal string FirstOf(uint bits)
        {
            int field = 0;
            while ((bits >> field & 1) == 0) field++;
            return Names[field];
        }
    }
}
