using System;

namespace GhostHands.Protocol
{
    /// <summary>What a client is in a room.</summary>
    public enum Role
    {
        /// <summary>It receives poses.</summary>
        Watch,

        /// <summary>It receives poses and sends its own hands back.</summary>
        Learn,

        /// <summary>It sends shapes and poses.</summary>
        Play,
    }

    /// <summary>First message of a client.</summary>
    public sealed class HelloMessage : Message
    {
        private const int MaxTokenBytes = 512;
        private static readonly string[] Roles = { "watch", "learn", "play" };
        private static readonly FieldSet Names = new FieldSet(
            "versions", "role", "client", "token?", "resume?", "capabilities?");

        /// <summary>Protocol versions that the client speaks, 1 to 16.</summary>
        public int[] Versions { get; set; } = { Wire.Version };

        /// <summary>What the client is.</summary>
        public Role Role { get; set; }

        /// <summary>Name and version of the program, for logs; may be empty.</summary>
        public string Client { get; set; } = "";

        /// <summary>What lets the client in, or null.</summary>
        public string Token { get; set; }

        /// <summary><c>session</c> of the client's last welcome, to go on as the same client; or null.</summary>
        public string Resume { get; set; }

        /// <summary>What the client can do beyond this version's messages.</summary>
        public string[] Capabilities { get; set; } = Array.Empty<string>();

        /// <inheritdoc/>
        public override string Type => "hello";

        /// <inheritdoc/>
        public override void Validate()
        {
            if (Versions == null || Versions.Length < 1 || Versions.Length > 16)
                throw new ProtocolException("versions must be a list of 1 to 16");
            foreach (int version in Versions) Check.Int("versions", version, 0, 65535);
            Check.Int("role", (int)Role, 0, Roles.Length - 1);
            Check.Text("client", Client, Wire.MaxNameBytes);
            Check.TextOrNull("token", Token, MaxTokenBytes);
            Check.TextOrNull("resume", Resume, Wire.MaxNameBytes);
            Check.Texts("capabilities", Capabilities, 16);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0:
                    Versions = new int[reader.List(1, 16)];
                    for (int i = 0; i < Versions.Length; i++) Versions[i] = reader.SmallInt();
                    break;
                case 1: Role = (Role)reader.OneOf(Roles); break;
                case 2: Client = reader.Text(Wire.MaxNameBytes); break;
                case 3: Token = reader.Text(MaxTokenBytes); break;
                case 4: Resume = reader.Text(Wire.MaxNameBytes); break;
                case 5: Capabilities = reader.Texts(16); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("versions");
            writer.List(Versions.Length);
            foreach (int version in Versions) writer.Int(version);
            writer.Name("role");
            writer.Text(Roles[(int)Role]);
            writer.Name("client");
            writer.Text(Client);
            if (Token != null)
            {
                writer.Name("token");
                writer.Text(Token);
            }
            if (Resume != null)
            {
                writer.Name("resume");
                writer.Text(Resume);
            }
            if (Capabilities.Length > 0)
            {
                writer.Name("capabilities");
                writer.Texts(Capabilities);
            }
        }
    }
}
