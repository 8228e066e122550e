using System;

namespace GhostHands.Protocol
{
    /// <summary>The bridge's answer to <see cref="HelloMessage"/>.</summary>
    public sealed class WelcomeMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet(
            "version", "room", "server", "time_ns", "ack_window", "session?", "resumed?", "capabilities?");

        /// <summary>The version spoken from here on.</summary>
        public int Version { get; set; } = Wire.Version;

        /// <summary>The room's name.</summary>
        public string Room { get; set; }

        /// <summary>Name and version of the bridge, for logs.</summary>
        public string Server { get; set; } = "";

        /// <summary>The bridge's clock when it answered, nanoseconds.</summary>
        public long TimeNs { get; set; }

        /// <summary>Poses that may be unacknowledged at once, 1 to 1000.</summary>
        public int AckWindow { get; set; } = Wire.DefaultAckWindow;

        /// <summary>A secret with which this client may resume after its connection is lost; or null.</summary>
        public string Session { get; set; }

        /// <summary>The client goes on where its last connection ended.</summary>
        public bool Resumed { get; set; }

        /// <summary>What the bridge can do beyond this version's messages.</summary>
        public string[] Capabilities { get; set; } = Array.Empty<string>();

        /// <inheritdoc/>
        public override string Type => "welcome";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Int("version", Version, 0, 65535);
            Check.Name("room", Room);
            Check.Text("server", Server, Wire.MaxNameBytes);
            Check.Time("time_ns", TimeNs);
            Check.Int("ack_window", AckWindow, 1, 1000);
            Check.TextOrNull("session", Session, Wire.MaxNameBytes);
            Check.Texts("capabilities", Capabilities, 16);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Version = reader.SmallInt(); break;
                case 1: Room = reader.Text(Wire.MaxNameBytes); break;
                case 2: Server = reader.Text(Wire.MaxNameBytes); break;
                case 3: TimeNs = reader.Int(); break;
                case 4: AckWindow = reader.SmallInt(); break;
                case 5: Session = reader.Text(Wire.MaxNameBytes); break;
                case 6: Resumed = reader.Bool(); break;
                case 7: Capabilities = reader.Texts(16); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("version");
            writer.Int(Version);
            writer.Name("room");
            writer.Text(Room);
            writer.Name("server");
            writer.Text(Server);
            writer.Name("time_ns");
            writer.Int(TimeNs);
            writer.Name("ack_window");
            writer.Int(AckWindow);
            if (Session != null)
            {
                writer.Name("session");
                writer.Text(Session);
            }
            if (Resumed)
            {
                writer.Name("resumed");
                writer.Bool(true);
            }
            if (Capabilities.Length > 0)
            {
                writer.Name("capabilities");
                writer.Texts(Capabilities);
            }
        }
    }
}
